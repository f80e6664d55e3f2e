export function anySeed(): number {
  return Math.floor(Math.random() * 2 ** 30)
}

/**
 * The seed of this run; MODEL_SEED repeats an earlier one.
 * @param otherwise without MODEL_SEED
 * @throws Error for a MODEL_SEED that is no whole number
 */
export function seedOf(environment: NodeJS.ProcessEnv, otherwise: number): number {
  const text = environment['MODEL_SEED']
  const seed = text === undefined ? otherwise : Number(text)
  if (!Number.isSafeInteger(seed)) throw new Error(`MODEL_SEED must be a whole number, not ${text}`)
  return seed
}
