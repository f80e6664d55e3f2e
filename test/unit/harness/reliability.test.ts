import { describe, expect, it } from '@jest/globals'
import { withBlock } from '../../harness/reliability.ts'

describe('a report', () => {
  const page =
    '# Page\n\n<!-- run: a -->\n\nold\n\n<!-- end of a -->\n\nbetween\n\n<!-- run: b -->\n\n<!-- end of b -->\n'

  it('takes the place of the last one of its run, and of nothing else', () => {
    expect(withBlock(page, 'a', 'new')).toBe(page.replace('old', 'new'))
  })

  it('goes into an empty block', () => {
    expect(withBlock(page, 'b', 'new')).toBe(page.replace('b -->\n\n<', 'b -->\n\nnew\n\n<'))
  })

  it.each([
    ['no block', 'c', '<!-- run: c -->'],
    ['no end', 'd', '<!-- end of d -->'],
  ])('is refused by a page with %s of its run', (_, name, missing) => {
    expect(() => withBlock(`${page}<!-- run: d -->`, name, '')).toThrow(missing)
  })
})
