import { basename } from 'node:path'

/**
 * The files to load for some modules, each behind those that it needs.
 * @param dependencies the file modules.dep: `a.ko: b.ko c.ko`, where c.ko is needed by b.ko (depmod(8))
 * @param names without their endings; those that are not in it are built in
 */
export function loadingOrder(dependencies: string, names: readonly string[]): string[] {
  const filesOf = new Map<string, string[]>()
  for (const line of dependencies.split('\n')) {
    const [file = '', needed = ''] = line.split(':')
    const first = needed.split(' ').filter((path) => path !== '')
    filesOf.set(nameOf(file), [...first.reverse(), file])
  }
  return [...new Set(names.flatMap((name) => filesOf.get(name) ?? []))]
}

function nameOf(file: string): string {
  return basename(file).replace(/\.ko(\.\w+)?$/, '')
}
