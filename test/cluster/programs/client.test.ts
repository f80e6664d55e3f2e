import { expect, it } from '@jest/globals'
import { ProcessClient } from './client.ts'

/** Answers a line of SQL as a database does: with a line for each string in it. */
const echo = String.raw`while read -r line; do
  case $line in *fail*) echo 'wrong SQL' >&2; exit 3 ;; esac
  printf '%s\n' "$line" | grep -o "'[^']*'" | tr -d "'"
done`

const session = () => new ProcessClient('sh', ['-c', echo])

it('a session answers one question after the other', async () => {
  await using client = session()
  expect(await client.ask("SELECT 'a'; SELECT 'b';")).toEqual(['a', 'b'])
  expect(await client.ask('INSERT;')).toEqual([])
})

it('a session that ends says why', async () => {
  await using client = session()
  await expect(client.ask('fail;')).rejects.toThrow('the session has ended: wrong SQL')
  await expect(client.ask("SELECT 'a';")).rejects.toThrow('the session has ended')
})

it('a session whose program is missing says so', async () => {
  await using client = new ProcessClient('/does/not/exist', [])
  await expect(client.ask("SELECT 'a';")).rejects.toThrow('ENOENT')
})
