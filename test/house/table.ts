/** The house: who may import whom, and which third-party package may be used where. */
export type May = {
  readonly layers: readonly string[]
  /** Layers of which only types may be imported. */
  readonly types?: readonly string[]
  /** Third-party packages; `@scope/*` is a whole scope. */
  readonly packages?: readonly string[]
  /** Packages that only these folders of the layer may import. */
  readonly only?: Readonly<Record<string, readonly string[]>>
}

// From the bottom up: a layer may name only layers that stand above it in this table.
const gatewayLayers = [
  'core',
  'crypto',
  'journal',
  'policy',
  'trade',
  'risk',
  'transfer',
  'transport',
  'ledger',
  'detect',
]
const xmlFolders = ['src/transport/fpml/', 'src/transport/iso20022/']

export const layers: Readonly<Record<string, May>> = {
  core: { layers: [] },
  crypto: { layers: ['core'], packages: ['@noble/*', '@hpke/*', '@solana/zk-sdk'] },
  journal: { layers: ['core', 'crypto'], only: { pg: ['src/journal/store/'] } },
  policy: { layers: ['core'], packages: ['@cedar-policy/cedar-wasm'] },
  trade: { layers: ['core'] },
  risk: { layers: ['core'], types: ['trade'] },
  transfer: { layers: ['core', 'trade'] },
  transport: {
    layers: ['core', 'trade'],
    types: ['transfer'],
    only: {
      saxes: xmlFolders,
      'libxml2-wasm': xmlFolders,
      undici: ['src/transport/peer/'],
      ws: ['src/transport/peer/'],
    },
  },
  ledger: {
    layers: ['core', 'crypto', 'trade'],
    types: ['transfer'],
    only: { viem: ['src/ledger/evm/'], pg: ['src/ledger/custody/'] },
  },
  detect: { layers: ['core', 'journal'] },
  gateway: { layers: gatewayLayers },
  server: {
    layers: ['core', 'gateway'],
    packages: [
      'fastify',
      '@fastify/swagger',
      'typebox',
      'jose',
      'oidc-provider',
      'structured-headers',
      '@simplewebauthn/server',
      'prom-client',
      '@opentelemetry/*',
      '@nats-io/*',
    ],
  },
  sandbox: { layers: [...gatewayLayers, 'gateway', 'server'] },
  cli: { layers: ['core', 'gateway', 'server', 'sandbox'] },
}

/** Layers that read no clock, randomness, disk or network. The clock itself is the one exception. */
export const pureLayers = ['core', 'trade', 'risk', 'transfer']
export const clockFile = 'src/core/clock.ts'

/** What tests may import besides what their layer may: they also check what scripts generated. */
export const testPackages = ['fast-check']
export const testFolder = 'scripts'

export const verifierPackages = ['@noble/curves', '@noble/hashes', '@solana/zk-sdk']
/** What its tests compare it with, and the browser that they open it in. */
export const verifierTestPackages = [...verifierPackages, ...testPackages, 'viem', 'vite', 'playwright-core']
export const consolePackages = ['@poundlock/verify', 'preact', 'uplot', 'echarts']
/** The one file of the gateway whose types the console may name. */
export const consoleTypes = 'src/server/api.ts'

/** What a build configuration may import besides Node. */
export const buildPackages = ['vite']

export const bodyLinesMax = 40
