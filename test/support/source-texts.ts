import { readFile, glob } from 'node:fs/promises'
import ts from 'typescript'
import { ROOT } from './doc-commands.ts'

/** A source of the driver, parsed. */
export async function sources(): Promise<ts.SourceFile[]> {
  const files: ts.SourceFile[] = []
  for await (const path of glob('src/**/*.ts', { cwd: ROOT })) {
    if (path.includes('/generated/')) continue
    const text = await readFile(ROOT + path, 'utf8')
    files.push(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true))
  }
  return files
}

/** The node and all below it. */
export function nodesIn(node: ts.Node): ts.Node[] {
  const nodes = [node]
  ts.forEachChild(node, (child) => {
    nodes.push(...nodesIn(child))
  })
  return nodes
}

/** What stands for what is only known when the program runs. */
const UNKNOWN = '…'

/**
 * The text that an expression makes, as far as the source tells: literals, templates, sums of them, and
 * constants that have one. Undefined for all else.
 */
export function textOf(expression: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(expression)) return expression.text
  if (ts.isTemplateExpression(expression)) {
    return (
      expression.head.text + expression.templateSpans.map(({ literal }) => UNKNOWN + literal.text).join('')
    )
  }
  if (ts.isBinaryExpression(expression)) {
    const [left, right] = [textOf(expression.left), textOf(expression.right)]
    return left === undefined || right === undefined ? undefined : left + right
  }
  return ts.isIdentifier(expression) ? textOfConstant(expression) : undefined
}

/** Of a constant in the same block or one around it. */
function textOfConstant({ parent, text: name }: ts.Identifier): string | undefined {
  for (let scope: ts.Node = parent; !ts.isSourceFile(scope); scope = scope.parent) {
    if (!ts.isBlock(scope)) continue
    const declarations = scope.statements.filter(ts.isVariableStatement)
    const found = declarations
      .flatMap(({ declarationList }) => declarationList.declarations)
      .find((declaration) => declaration.name.getText() === name)
    if (found?.initializer) return textOf(found.initializer)
  }
  return undefined
}
