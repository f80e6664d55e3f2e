import { expect, test } from '@jest/globals'
import { ended } from './ended.ts'
import { readDbench } from './tools/dbench.ts'

const head = `dbench version 4.00 - Copyright Andrew Tridgell 1999-2004

Running for 2 seconds with load '/usr/share/dbench/client.txt' and minimum warmup 0 secs
failed to create barrier semaphore \n0 of 2 processes prepared for launch   0 sec
2 of 2 processes prepared for launch   0 sec
releasing clients
`
const good = `${head}   2      2121    55.00 MB/sec  execute   1 sec  latency 242.592 ms
   2  cleanup   2 sec
   0  cleanup   2 sec

 Operation      Count    AvgLat    MaxLat
 ----------------------------------------
 NTCreateX       1794     0.367   287.719

Throughput 54.9971 MB/sec  2 clients  2 procs  max_latency=242.592 ms
`
const bad = `${head}[3] open /mnt/clients/client1 failed for handle 16385 (No such file or directory)
(4) ERROR: handle 16385 was not found
Child failed with status 1
`
const wrong = `[1283] unlink /mnt/clients/client0/~dmtmp/PM/PM1.TMP failed (No such file or directory) - expected NT_STATUS_OK`

test.each([
  ['has passed', 0, good, 'passed', undefined],
  [
    'stops',
    1,
    bad,
    'failed',
    '[3] open /mnt/clients/client1 failed for handle 16385 (No such file or directory)',
  ],
  ['gets another result than recorded', 0, `${good}${wrong}\n`, 'failed', wrong],
  ['is killed', null, head, 'failed', 'exit code null: releasing clients'],
] as const)('dbench that %s', (_, exitCode, stdout, outcome, detail) => {
  const expected = { name: 'async', outcome, ...(detail === undefined ? {} : { detail }) }
  expect(readDbench('async', ended(exitCode, { stdout }))).toEqual([expected])
})
