import { refuse, type Refusal } from './refusal.ts'

declare const currencyBrand: unique symbol
/** An active ISO 4217 alphabetic code. `BTC`, `ETH` and `USDC` are none: crypto assets have CAIP-19 ids. */
export type Currency = string & { readonly [currencyBrand]: true }

// ISO 4217 table A.1, current currency and funds codes, grouped by minor unit. `none` are the codes whose
// minor unit the table gives as N.A. (metals, bond market units, SDR, test, no currency).
const codes = {
  '0': 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  '2': `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
    CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ
    GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD
    MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON
    RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS
    UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG`,
  '3': 'BHD IQD JOD KWD LYD OMR TND',
  '4': 'CLF UYW',
  none: 'XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX',
} as const

const minorUnits: ReadonlyMap<string, number | undefined> = new Map(
  Object.entries(codes).flatMap(([unit, list]) =>
    list.split(/\s+/).map((code) => [code, unit === 'none' ? undefined : Number(unit)] as const),
  ),
)

/** Refuses `id-currency`: unknown, withdrawn or lower-case codes. */
export const parseCurrency = (text: string): Currency | Refusal =>
  isCurrency(text) ? text : refuse('id-currency', `Not a currency: ${text.slice(0, 12)}`)

export const isCurrency = (text: string): text is Currency => minorUnits.has(text)

/** Decimal places of the currency's minor unit; undefined where ISO 4217 gives none (gold, SDR, …). */
export const currencyDecimals = (currency: Currency): number | undefined => minorUnits.get(currency)
