import { invariant } from './invariant.ts'
import { refuse, type Refusal } from './refusal.ts'

declare const chainIdBrand: unique symbol
declare const accountIdBrand: unique symbol
declare const assetTypeBrand: unique symbol
/** CAIP-2: `eip155:31337`. */
export type ChainId = string & { readonly [chainIdBrand]: true }
/** CAIP-10: `eip155:31337:0xab16…`. */
export type AccountId = string & { readonly [accountIdBrand]: true }
/** CAIP-19: `eip155:1/erc20:0x6b17…`, with `/token id` at the end for one item of a collection. */
export type AssetType = string & { readonly [assetTypeBrand]: true }

export type ChainIdParts = { readonly namespace: string; readonly reference: string }
export type AccountIdParts = { readonly chainId: ChainId; readonly address: string }
export type AssetTypeParts = {
  readonly chainId: ChainId
  readonly namespace: string
  readonly reference: string
  readonly tokenId?: string
}

// The grammars of the ChainAgnostic specifications, CAIP-2, -10 and -19.
const chain = '[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}'
const chainPattern = new RegExp(`^${chain}$`)
const accountPattern = new RegExp(`^${chain}:[-.%a-zA-Z0-9]{1,128}$`)
const assetPattern = new RegExp(`^${chain}/[-a-z0-9]{3,8}:[-.%a-zA-Z0-9]{1,128}(?:/[-.%a-zA-Z0-9]{1,78})?$`)

/** Refuses `id-caip`. A form check: it does not ask whether the chain exists. */
export const parseChainId = (text: string): ChainId | Refusal =>
  isChainId(text) ? text : wrong('CAIP-2 chain id', text)

/** Refuses `id-caip`. The address follows its chain's rules, which crypto and ledger check. */
export const parseAccountId = (text: string): AccountId | Refusal =>
  isAccountId(text) ? text : wrong('CAIP-10 account id', text)

/** Asset type or asset id. Refuses `id-caip`. */
export const parseAssetType = (text: string): AssetType | Refusal =>
  isAssetType(text) ? text : wrong('CAIP-19 asset', text)

export const isChainId = (text: string): text is ChainId => chainPattern.test(text)
export const isAccountId = (text: string): text is AccountId => accountPattern.test(text)
export const isAssetType = (text: string): text is AssetType => assetPattern.test(text)

export function chainIdParts(id: ChainId): ChainIdParts {
  const [namespace = '', reference = ''] = id.split(':')
  return { namespace, reference }
}

export function accountIdParts(id: AccountId): AccountIdParts {
  const at = id.lastIndexOf(':')
  return { chainId: chainOf(id.slice(0, at)), address: id.slice(at + 1) }
}

export function assetTypeParts(id: AssetType): AssetTypeParts {
  const [chainId = '', asset = '', tokenId] = id.split('/')
  const [namespace = '', reference = ''] = asset.split(':')
  return {
    chainId: chainOf(chainId),
    namespace,
    reference,
    ...(tokenId === undefined ? {} : { tokenId }),
  }
}

function chainOf(text: string): ChainId {
  invariant(isChainId(text), 'an id of CAIP-10 or CAIP-19 starts with a chain id')
  return text
}

const wrong = (what: string, text: string): Refusal =>
  refuse('id-caip', `Not a ${what}: ${text.slice(0, 60)}`)
