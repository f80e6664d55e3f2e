import { beforeEach, describe, expect, it } from '@jest/globals'
import { ControllerMonitoring, type ClusterFindings } from '../../../src/monitoring/roles.ts'
import { scrape } from '../../support/scrape.ts'

describe('the metrics of the controller', () => {
  let monitoring: ControllerMonitoring
  let figures: ClusterFindings | undefined

  beforeEach(() => {
    figures = undefined
    monitoring = new ControllerMonitoring('0.0.0')
    monitoring.watch(() => figures)
  })

  const lines = async (): Promise<string[]> => {
    return (await scrape(monitoring.metrics))
      .split('\n')
      .filter((line) => /^csi_driver_loop_(leader|orphan|lost|deleted|released)/.test(line))
  }

  it('contain findings and actions, by node', async () => {
    const [n1, n2] = [{ node: { name: 'n1' } }, { node: { name: 'n2' } }]
    figures = {
      orphanedVolumes: [n1, n2, n1],
      volumesOfLostNodes: [{ nodeName: 'n3' }],
      deletedOrphans: 4,
      releasedClaims: 5,
    }
    expect(await lines()).toEqual([
      'csi_driver_loop_leader 1',
      'csi_driver_loop_orphaned_volumes{node="n1"} 2',
      'csi_driver_loop_orphaned_volumes{node="n2"} 1',
      'csi_driver_loop_lost_volumes{node="n3"} 1',
      'csi_driver_loop_deleted_orphans_total 4',
      'csi_driver_loop_released_claims_total 5',
    ])
  })

  it('contain nothing else where another replica leads', async () => {
    const found = await lines()
    expect(found).toContain('csi_driver_loop_leader 0')
    expect(found.filter((line) => line.includes('{'))).toEqual([])
  })
})
