/** The cast, its chains and keys, kill points, and the demo. Nothing here is for production. */
export { alder, cedar, defaultPortBase, fixture, portsFrom, sandboxStart, type Ports } from './cast.ts'
export { findAnvil, startAnvil, type Anvil, type AnvilOptions } from './chains.ts'
export { busyPorts, checkPortBase, openWorld, type World, type WorldOptions } from './world.ts'
export { approveTrade, gatherEvidence, tradeOnce, urlsOf } from './trading.ts'
export { runDemo, type DemoOptions, type DemoReport, type RunningDemo } from './demo.ts'
export { runDesk, type DeskFact } from './desk.ts'
export { killingProbe, killSteps, parseKillPoint, type KillPoint } from './killing.ts'
