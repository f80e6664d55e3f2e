import { expect, it } from '@jest/globals'
import {
  attributeKeys,
  parameterKeys,
  parameterOf,
  type Parameter,
} from '../../../src/volumes/model/attributes.ts'
import { LinuxFileSystems } from '../../../src/linux/filesystems/index.ts'
import { formatBytes } from '../../../src/volumes/model/bytes.ts'
import { fsTypes } from '../../../src/volumes/model/ports/file-systems.ts'
import { rowsOf } from '../../support/doc-tables.ts'

const rows = await rowsOf('reference/parameters.md')
const ofClass = new Map(
  rows.flatMap(({ heading, cells: [parameter = '', values = ''] }) =>
    heading === 'Of a StorageClass' ? [[parameter, values]] : [],
  ),
)

/** As the page has it: the choices in their order, or another text that names the default. */
function expectedValues({ values, default: value }: Parameter): string | RegExp {
  if (typeof values === 'string') return new RegExp(value === '' ? '.' : `\`${value}\`$`)
  return values.map((choice) => `\`${choice}\`${choice === value ? ' (default)' : ''}`).join(', ')
}

it('has a row for each parameter of a StorageClass, and no other', () => {
  const parameters = parameterKeys.map((key) => parameterOf(key).parameter)
  expect([...ofClass.keys()].sort()).toEqual(parameters.sort())
})

it.each(parameterKeys.map(parameterOf))('has the values and the default of $parameter', (row) => {
  const values = ofClass.get(row.parameter)
  const expected = expectedValues(row)
  if (typeof expected === 'string') expect(values).toBe(expected)
  else expect(values).toMatch(expected)
})

it('has a row for each parameter that a VolumeAttributesClass can change, and no other', () => {
  const named = rows.filter(({ heading }) => heading === 'Of a VolumeAttributesClass')
  const mutable = attributeKeys.map((key) => parameterOf(key).parameter)
  expect(named.map(({ cells: [parameter] }) => parameter)).toEqual(mutable)
})

it('has the smallest size of each file system', () => {
  const fileSystems = new LinuxFileSystems()
  const sizes = rows
    .filter(({ heading }) => heading === 'Sizes')
    .map(({ cells: [type, size] }) => [type, size])
  const expected = fsTypes.map((type) => [type, formatBytes(fileSystems.minimumBytes(type))])
  expect(sizes).toEqual([...expected, ['block', formatBytes(4096n)]])
})
