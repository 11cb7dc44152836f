export { lockOptionality, lockSecondsMax, type LockOptionality, type OptionFacts } from './optionality.ts'
export {
  planSettlement,
  type RouteName,
  type SettlementPlan,
  type SettlementRequest,
  type SettlementRoute,
} from './planner.ts'
