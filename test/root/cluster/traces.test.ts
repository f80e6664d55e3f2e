import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestCluster } from '../../support/cluster.ts'
import { at } from '../../support/at.ts'
import { OtlpReceiver, attributesOf } from '../../support/otlp-receiver.ts'
import { MiB, TestVolume, mountCapability } from '../../support/volume.ts'

const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT'

describeRoot('a trace', () => {
  let receiver: OtlpReceiver
  let cluster: TestCluster
  const before = process.env[ENDPOINT]

  beforeEach(async () => {
    receiver = await OtlpReceiver.listen()
    process.env[ENDPOINT] = receiver.url
    cluster = await TestCluster.start(1)
  })

  afterEach(async () => {
    if (before === undefined) Reflect.deleteProperty(process.env, ENDPOINT)
    else process.env[ENDPOINT] = before
    await cluster[Symbol.asyncDispose]()
    await receiver[Symbol.asyncDispose]()
  })

  it('leads from the router to the node, and to its steps', async () => {
    const node = at(cluster.nodes, 0)
    const { volume } = await cluster.client.controller.createVolume({
      name: 'traced',
      capacityRange: { requiredBytes: 32 * MiB },
      volumeCapabilities: [mountCapability()],
    })
    const volumeId = volume?.volumeId ?? ''
    {
      await using used = await new TestVolume(node, 'traced').create()
      await used.stage()
    }
    // Ended in order, they send what they have.
    await cluster.router.end('SIGTERM')
    await node.driver.end('SIGTERM')

    const created = receiver.spans.filter(({ name }) => name === 'csi.v1.Controller/CreateVolume')
    const [router] = created.filter(({ process }) => process['k8s.node.name'] === undefined)
    const ofNode = created.find(({ parentSpanId }) => parentSpanId === router?.spanId)
    expect(ofNode).toMatchObject({ traceId: router?.traceId, process: { 'k8s.node.name': node.id } })

    const staged = receiver.span('csi.v1.Node/NodeStageVolume')
    expect(attributesOf(staged.attributes)).toMatchObject({ 'csi.volume': volumeId, 'rpc.status_code': 'OK' })
    const steps = receiver.spans.filter(({ parentSpanId }) => parentSpanId === staged.spanId)
    expect(steps.map(({ name }) => name)).toEqual(['attach', 'mkfs', 'mount'])

    const line = node.driver.log.find(({ method }) => method === 'NodeStageVolume')
    expect(line).toMatchObject({ traceId: staged.traceId })
  })
})
