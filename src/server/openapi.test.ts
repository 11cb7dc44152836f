import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import * as api from './api.ts'
import { firstRfq, startTestServer } from './testing/index.ts'

type Operation = {
  summary?: string
  responses?: Record<string, unknown>
  parameters?: { name: string; in: string }[]
  requestBody?: unknown
}
type Description = {
  openapi: string
  info: { title?: string; version?: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}
const methods = new Set(['get', 'head', 'post', 'delete'])
let description: Description

describe('the API description', () => {
  before(async () => {
    const { server, url } = await startTestServer()
    description = JSON.parse(await (await fetch(`${url}/openapi.json`)).text())
    await server.stop()
  })

  test('It is OpenAPI 3.1 with the parts that the standard requires', () => {
    assert.match(description.openapi, /^3\.1\./)
    assert.ok(description.info.title !== undefined && description.info.version !== undefined)
    for (const [path, item] of Object.entries(description.paths))
      for (const [method, operation] of Object.entries(item)) {
        assert.ok(methods.has(method), `${method} ${path}`)
        assert.ok(operation.summary !== undefined, `${method} ${path} has a summary`)
        assert.ok(Object.keys(operation.responses ?? {}).length > 0, `${method} ${path} has responses`)
        const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map((found) => found[1])
        const declared = (operation.parameters ?? []).filter((p) => p.in === 'path').map((p) => p.name)
        assert.deepEqual(declared, inPath, `${method} ${path} declares its path parameters`)
      }
  })

  test('Every reference leads to a schema of the document', () => {
    const refs = [...JSON.stringify(description).matchAll(/"\$ref":"([^"]+)"/g)].map(
      (found) => found[1] ?? '',
    )
    assert.ok(refs.length > 20)
    for (const ref of refs) {
      const name = ref.replace('#/components/schemas/', '')
      assert.ok(description.components.schemas[name] !== undefined, ref)
    }
  })

  test('Each route is in it', () => {
    const listed = Object.entries(description.paths).flatMap(([path, item]) =>
      Object.keys(item)
        .filter((method) => method !== 'head')
        .map((method) => `${method.toUpperCase()} ${path}`),
    )
    assert.deepEqual(listed.toSorted(), [
      'DELETE /v1/orders/{id}',
      'GET /log/checkpoint',
      'GET /log/tile/{*}',
      'GET /metrics',
      'GET /openapi.json',
      'GET /v1/events',
      'GET /v1/evidence',
      'GET /v1/fix/sessions',
      'GET /v1/health',
      'GET /v1/identity',
      'GET /v1/instruments',
      'GET /v1/log',
      'GET /v1/log/entries',
      'GET /v1/log/proof',
      'GET /v1/log/search',
      'GET /v1/orders',
      'GET /v1/orders/{id}',
      'GET /v1/policy',
      'GET /v1/quotes',
      'GET /v1/rfqs',
      'GET /v1/rfqs/{id}',
      'GET /v1/trades',
      'GET /v1/trades/{id}',
      'GET /v1/trades/{id}/evidence',
      'POST /v1/operations',
      'POST /v1/orders',
      'POST /v1/rfqs',
      'POST /v1/trades/{id}/approvals',
    ])
  })

  test('What the server sends fits the schemas that it publishes', async () => {
    const { server, url, gateway } = await startTestServer()
    const operator = { kind: 'operator', id: 'test' } as const
    await gateway.requestQuote(operator, { ...firstRfq, quoteReqId: 'RFQ-1' })
    const quote = gateway.quotes()[0]?.quoteId ?? ''
    const order = await gateway.placeOrder(operator, {
      quoteId: quote,
      side: 'Buy',
      orderQty: '100',
      price: '430.72',
      clOrdId: 'ORD-1',
    })
    while (gateway.step());
    const trade = 'tradeId' in order ? order.tradeId : ''
    const checks: [string, keyof typeof api][] = [
      ['/v1/identity', 'Identity'],
      ['/v1/health', 'Health'],
      ['/v1/instruments', 'InstrumentList'],
      ['/v1/rfqs', 'RfqList'],
      ['/v1/quotes', 'QuoteList'],
      ['/v1/orders', 'OrderList'],
      ['/v1/trades', 'TradeList'],
      [`/v1/trades/${trade}`, 'TradeDetail'],
      ['/v1/log', 'LogState'],
      ['/v1/log/entries?parts=opened', 'EntryList'],
      ['/v1/log/proof?index=2', 'Proof'],
      ['/v1/policy', 'Policy'],
      ['/v1/fix/sessions', 'FixSessionList'],
      ['/v1/nothing', 'Problem'],
    ]
    for (const [path, name] of checks) {
      const body: unknown = await (await fetch(url + path)).json()
      assert.deepEqual(mismatches(name, body), [], path)
    }
    await server.stop()
  })

  test('The check of sent values bites', () => {
    assert.notDeepEqual(mismatches('Order', { clOrdId: 1 }), [])
    assert.notDeepEqual(mismatches('TradeList', { items: [{ tradeId: 'x' }] }), [])
  })
})

// The references of api.ts, resolved by the compiler of the schema library: not the validator the server uses.
function mismatches(name: keyof typeof api, value: unknown): string[] {
  const defs = Object.fromEntries(api.schemas.map((schema) => [api.idOf(schema), localised(schema)]))
  const validator = Compile(Type.Unsafe({ $ref: `#/$defs/${name}`, $defs: defs }))
  return validator.Errors(value).map((error) => `${error.instancePath} ${error.message}`)
}

const localised = (schema: object): object =>
  JSON.parse(JSON.stringify(schema).replaceAll(/"\$ref":"(\w+)#"/g, '"$ref":"#/$defs/$1"'), (key, value) =>
    key === '$id' ? undefined : value,
  )
