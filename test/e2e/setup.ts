import { kindCluster, nodeNames } from './support/cluster.ts'
import { buildImage, install, loadImages } from './support/driver.ts'

/** Before all tests: the image of these sources, in the cluster, with the chart installed. */
export default async function setup(): Promise<void> {
  const cluster = await kindCluster()
  console.error(`\ne2e: kind cluster ${cluster}, nodes ${(await nodeNames()).join(', ')}`)
  if (process.env['E2E_SKIP_BUILD'] !== '1') {
    await buildImage()
    await loadImages()
  }
  if (process.env['E2E_SKIP_INSTALL'] !== '1') await install()
}
