import { tool } from '../tool.ts'

/** The version of an installed package; elsewhere nobody but the system knows. */
export async function debianVersion(name: string): Promise<string> {
  return await tool('dpkg-query', '--show', '--showformat=${Version}', name).catch(() => 'of this system')
}
