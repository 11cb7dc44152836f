// AllocationInstruction(J) and AllocationInstructionAck(P), FIX 4.4 vol 5: a fill goes to accounts, or is given up.
import { isRefusal, refuse, toFixText, type Refusal, type RefusalCode } from '#core'
import type { AllocationShare, ProductFields, Side } from '#trade'
import {
  readDecimal,
  readProduct,
  readSide,
  required,
  writeDate,
  writeTimestamp,
  type DeskBody,
  type MessageReader,
} from './fields.ts'

export type AllocationFields = {
  readonly allocId: string
  /** One fill: named by ClOrdID(11) in NoOrders(73), or by ExecID(17) in NoExecs(124). */
  readonly clOrdId: string | undefined
  readonly execId: string | undefined
  readonly side: Side
  readonly product: ProductFields
  readonly quantity: string
  readonly avgPx: string
  readonly shares: readonly AllocationShare[]
}

/** AllocTransType(71) 0 alone: what was allocated is neither replaced nor cancelled here. */
export function readAllocation(message: MessageReader): AllocationFields | Refusal {
  const allocId = required(message, 70, 'AllocID')
  if (isRefusal(allocId)) return allocId
  if (message.text(71) !== '0')
    return refuse('field-invalid', 'AllocTransType(71): 0; a fill is allocated once', { tag: '71' })
  const side = readSide(message)
  if (isRefusal(side)) return side
  const product = readProduct(message, undefined)
  if (isRefusal(product)) return product
  const quantity = readDecimal(message, 53, 'Quantity')
  if (isRefusal(quantity)) return quantity
  const avgPx = readDecimal(message, 6, 'AvgPx')
  if (isRefusal(avgPx)) return avgPx
  const shares = readShares(message)
  if (isRefusal(shares)) return shares
  const clOrdId = message.groups(73)[0]?.text(11)
  const execId = message.groups(124)[0]?.text(17)
  if (message.groups(73).length > 1 || message.groups(124).length > 1)
    return refuse('field-invalid', 'one fill an instruction')
  return { allocId, clOrdId, execId, side, product, quantity, avgPx, shares }
}

/** PartyRole(452) 14 of the instruction, or NestedPartyRole(538) 14 of one share: the firm it is given up to. */
function readShares(message: MessageReader): readonly AllocationShare[] | Refusal {
  const all = giveUpOf(message.groups(453), { id: 448, role: 452 })
  const shares: AllocationShare[] = []
  for (const entry of message.groups(78)) {
    const account = required(entry, 79, 'AllocAccount')
    if (isRefusal(account)) return account
    const quantity = readDecimal(entry, 80, 'AllocQty')
    if (isRefusal(quantity)) return quantity
    const giveUp = giveUpOf(entry.groups(539), { id: 524, role: 538 }) ?? all
    shares.push(giveUp === undefined ? { account, quantity } : { account, quantity, giveUp })
  }
  return shares
}

const giveUpFirm = '14'

const giveUpOf = (
  parties: readonly MessageReader[],
  tags: { readonly id: number; readonly role: number },
): string | undefined => parties.find((party) => party.text(tags.role) === giveUpFirm)?.text(tags.id)

/** AllocRejCode(88); 7 is other. */
const rejCodes: Partial<Record<RefusalCode, string>> = {
  'execution-unknown': '12',
  'order-unknown': '12',
  'quantity-invalid': '1',
  'price-not-quoted': '2',
  'allocation-mismatch': '8',
  'instrument-mismatch': '11',
  'side-invalid': '11',
}

/** AllocStatus(87): 0 accepted, 1 rejected as a whole. */
export const writeAllocationAck = (allocId: string, at: string, refusal?: Refusal): DeskBody => ({
  msgType: 'P',
  body: [
    [70, allocId],
    [75, writeDate(at)],
    [60, writeTimestamp(at)],
    [87, refusal ? '1' : '0'],
    ...(refusal
      ? ([
          [88, rejCodes[refusal.refusal] ?? '7'],
          [58, toFixText(refusal)],
        ] as const)
      : []),
  ],
})
