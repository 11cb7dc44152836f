#!/usr/bin/env python3
"""Verifies a Poundlock evidence pack offline, with the Python standard library only.

    python3 verify.py <pack> [--trust <file>] [--json]
    python3 verify.py <pack> --flips <file>     one JSON report per line "<offset> <xor>" of the file

Written from spec/evidence-pack.md; the section numbers below are those of that page. It shares no code with
the other verifier. The arithmetic is textbook code for *verification* only: it is not constant-time, and
must never see a secret.

Exit codes: 0 the pack holds, 5 verification failed, 2 wrong usage or unreadable file.
"""

import base64
import calendar
import functools
import hashlib
import json
import re
import struct
import sys

FORMAT = "poundlock.evidence/1"
PACK_BYTES_MAX = 64 * 1024 * 1024
LINE_BYTES_MAX = 1024 * 1024
COUNT_MAX = 1_000_000
LEAF_BYTES_MAX = 65_535
TRUST_BYTES_MAX = 1024 * 1024
NOTE_SIGNATURES_MAX = 100
RECORD_SIGNATURES_MAX = 8
DEPTH_MAX = 64
SAFE_MAX = 2**53 - 1

CHECKS = """pack/limits pack/syntax pack/format pack/counts pack/seal trust/keys trust/pinned checkpoint/note
checkpoint/signature checkpoint/cosignature checkpoint/quorum entry/leaf entry/seq entry/inclusion entry/order
trust/opened opening/entry opening/digest opening/order keys/agreement policy/allow policy/released
record/present record/form record/hash record/signature keys/registered record/parties record/economics
record/uti record/agreement instruction/present instruction/form instruction/digest instruction/signature
instruction/matches-record settlement/agreement order/write-ahead""".split()


# ---- bytes and text (§1)

def sha256(data):
    return hashlib.sha256(data).digest()


def digest(label, *parts):
    data = b""
    for part in (label.encode(), *parts):
        data += struct.pack(">I", len(part)) + part
    return sha256(data)


def from_base64(text):
    if not re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", text) or len(text) % 4:
        return None
    data = base64.b64decode(text)
    return data if base64.b64encode(data).decode() == text else None


def from_base64url(text):
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        return None
    return from_base64(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))


class Bad(Exception):
    """Something is not in the one form that is accepted."""


def is_count(value):
    return isinstance(value, float) and value.is_integer() and 0 <= value <= SAFE_MAX


def is_text(value):
    return isinstance(value, str)


def is_texts(value):
    return isinstance(value, list) and all(is_text(item) for item in value)


def has_exactly(value, names):
    return isinstance(value, dict) and set(value) == set(names)


def number_text(number):
    """RFC 8785 §3.2.2.3, which is ECMAScript's Number::toString."""
    if number != number or number in (float("inf"), float("-inf")):
        raise Bad("number")
    if number == 0:
        return "0"
    sign, number = ("-", -number) if number < 0 else ("", number)
    mantissa, _, exponent = repr(number).partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + int(exponent or 0)
    digits = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    power = point - 1
    tail = "" if count == 1 else "." + digits[1:]
    return f"{sign}{digits[0]}{tail}e{'+' if power > 0 else '-'}{abs(power)}"


def canonical(value, depth=0):
    """RFC 8785. Numbers are floats here; true, false and null are what json makes of them."""
    if depth > DEPTH_MAX:
        raise Bad("depth")
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return number_text(float(value))
    if isinstance(value, str):
        value.encode("utf-8")
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ",".join([canonical(item, depth + 1) for item in value]) + "]"
    names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join([json.dumps(name.encode("utf-8").decode(), ensure_ascii=False) + ":"
                           + canonical(value[name], depth + 1) for name in names]) + "}"


def parse(text):
    """The value of canonical JSON; raises Bad for every other text."""
    try:
        value = json.loads(text, parse_int=float, parse_float=float)
        if canonical(value) == text:
            return value
    except (ValueError, RecursionError):
        pass
    raise Bad("not canonical JSON")


def parse_object(text):
    value = parse(text)
    if not isinstance(value, dict):
        raise Bad("not an object")
    return value


def is_time(text):
    found = is_text(text) and re.fullmatch(
        r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.[0-9]{3}Z", text)
    if not found:
        return False
    year, month, day, hour, minute, second = map(int, found.groups())
    if year < 1970 or not 1 <= month <= 12:
        return False
    return 1 <= day <= calendar.monthrange(year, month)[1] and hour < 24 and minute < 60 and second < 60


def unix_seconds(text):
    return calendar.timegm(tuple(map(int, re.split("[-T:.Z]", text)[:6])) + (0, 0, 0))


def is_name(text):
    return re.fullmatch(r"[!#-*,-\[\]-~]{1,255}", text) is not None


# ---- Ed25519, RFC 8032 §5.1

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def ed_add(p, q):
    """Extended coordinates (X, Y, Z, T), §5.1.4."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def ed_double(p):
    a = p[0] * p[0] % P
    b = p[1] * p[1] % P
    c = 2 * p[2] * p[2] % P
    h = a + b
    e = h - (p[0] + p[1]) * (p[0] + p[1])
    g = a - b
    f = c + g
    return e * f % P, g * h % P, f * g % P, e * h % P


ED_ZERO = (0, 1, 1, 0)


def ed_decode(data):
    """§5.1.3; None for what is no point, or not its canonical encoding."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == (-u) % P:
        x = x * SQRT_M1 % P
    if v * x * x % P != u or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def ed_neg(p):
    return -p[0] % P, p[1], p[2], -p[3] % P


def ed_is_zero(p):
    return p[0] % P == 0 and (p[1] - p[2]) % P == 0


ED_BASE = ed_decode(bytes.fromhex("58" + "66" * 31))


@functools.lru_cache(maxsize=4096)
def ed25519_verify(public_key, message, signature):
    if len(public_key) != 32 or len(signature) != 64:
        return False
    a, r, s = ed_decode(public_key), ed_decode(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L or ed_is_zero(ed_double(ed_double(ed_double(a)))):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % L
    # [8]([S]B − [k]A − R) must be zero; both multiplications share their doublings.
    minus_a = ed_neg(a)
    both = ed_add(ED_BASE, minus_a)
    point = ED_ZERO
    for bit in range(max(s.bit_length(), k.bit_length()) - 1, -1, -1):
        point = ed_double(point)
        which = (s >> bit & 1) + 2 * (k >> bit & 1)
        if which:
            point = ed_add(point, (ED_BASE, minus_a, both)[which - 1])
    point = ed_add(point, ed_neg(r))
    return ed_is_zero(ed_double(ed_double(ed_double(point))))


# ---- Keccak-256 and secp256k1 (EIP-712, EIP-2)

M64 = 2**64 - 1


def keccak_constants():
    """FIPS 202 §3.2.5: round constants from the LFSR; §3.2.2: rotation offsets."""
    constants, lfsr = [], 1
    for _ in range(24):
        constant = 0
        for j in range(7):
            if lfsr & 1:
                constant |= 1 << (2**j - 1)
            lfsr = (lfsr << 1) ^ (0x171 if lfsr & 0x80 else 0)
        constants.append(constant)
    offsets, x, y = [[0] * 5 for _ in range(5)], 1, 0
    for t in range(24):
        offsets[x][y] = (t + 1) * (t + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
    return constants, offsets


KECCAK_ROUNDS, KECCAK_OFFSETS = keccak_constants()


def rotate(word, by):
    return (word << by | word >> (64 - by)) & M64 if by else word


def keccak_f(a):
    for constant in KECCAK_ROUNDS:
        c = [a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4] for x in range(5)]
        d = [c[x - 1] ^ rotate(c[(x + 1) % 5], 1) for x in range(5)]
        b = [[0] * 5 for _ in range(5)]
        for x in range(5):
            for y in range(5):
                b[y][(2 * x + 3 * y) % 5] = rotate(a[x][y] ^ d[x], KECCAK_OFFSETS[x][y])
        a = [[b[x][y] ^ (~b[(x + 1) % 5][y] & b[(x + 2) % 5][y]) for y in range(5)] for x in range(5)]
        a[0][0] ^= constant
    return a


def keccak256(data):
    rate = 136
    data = bytearray(data) + b"\x01" + bytes(-(len(data) + 1) % rate)
    data[-1] |= 0x80
    state = [[0] * 5 for _ in range(5)]
    for at in range(0, len(data), rate):
        for lane, (word,) in enumerate(struct.iter_unpack("<Q", bytes(data[at:at + rate]))):
            state[lane % 5][lane // 5] ^= word
        state = keccak_f(state)
    return b"".join(struct.pack("<Q", state[lane % 5][lane // 5]) for lane in range(4))


SP = 2**256 - 2**32 - 977
SN = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SG = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
      0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8, 1)
S_ZERO = (0, 1, 0)


def s_double(p):
    """Jacobian coordinates: x = X/Z², y = Y/Z³."""
    x, y, z = p
    if not z or not y:
        return S_ZERO
    s = 4 * x * y * y % SP
    m = 3 * x * x % SP
    nx = (m * m - 2 * s) % SP
    return nx, (m * (s - nx) - 8 * y * y * y * y) % SP, 2 * y * z % SP


def s_add(p, q):
    if not p[2]:
        return q
    if not q[2]:
        return p
    z1, z2 = p[2] * p[2] % SP, q[2] * q[2] % SP
    u1, u2 = p[0] * z2 % SP, q[0] * z1 % SP
    s1, s2 = p[1] * z2 * q[2] % SP, q[1] * z1 * p[2] % SP
    if u1 == u2:
        return s_double(p) if s1 == s2 else S_ZERO
    h, r = u2 - u1, s2 - s1
    hh = h * h % SP
    hhh, v = h * hh % SP, u1 * hh % SP
    nx = (r * r - hhh - 2 * v) % SP
    return nx, (r * (v - nx) - s1 * hhh) % SP, h * p[2] * q[2] % SP


def s_sum(a, p, b, q):
    """[a]p + [b]q with shared doublings."""
    both, point = s_add(p, q), S_ZERO
    for bit in range(255, -1, -1):
        point = s_double(point)
        which = (a >> bit & 1) + 2 * (b >> bit & 1)
        if which:
            point = s_add(point, (p, q, both)[which - 1])
    return point


def s_affine(p):
    inverse = pow(p[2], SP - 2, SP)
    return p[0] * inverse * inverse % SP, p[1] * pow(inverse, 3, SP) % SP


def s_lift(x, odd):
    if x >= SP:
        return None
    square = (x * x * x + 7) % SP
    y = pow(square, (SP + 1) // 4, SP)
    if y * y % SP != square:
        return None
    return x, y if y & 1 == odd else SP - y, 1


def s_address(x, y):
    return "0x" + keccak256(x.to_bytes(32, "big") + y.to_bytes(32, "big"))[12:].hex()


@functools.lru_cache(maxsize=4096)
def address_of(public_key):
    """Address of a compressed key, or None."""
    if len(public_key) != 33 or public_key[0] not in (2, 3):
        return None
    point = s_lift(int.from_bytes(public_key[1:], "big"), public_key[0] & 1)
    return point and s_address(point[0], point[1])


@functools.lru_cache(maxsize=4096)
def recover_address(hashed, signature):
    """The address that signed, or None; s in the lower half of the order only."""
    r, s, v = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]
    if not 1 <= r < SN or not 1 <= s <= SN // 2 or v not in (27, 28):
        return None
    point = s_lift(r, v - 27)
    if point is None:
        return None
    inverse = pow(r, SN - 2, SN)
    e = int.from_bytes(hashed, "big")
    key = s_sum(-e * inverse % SN, SG, s * inverse % SN, point)
    return s_address(*s_affine(key)) if key[2] else None


# ---- findings (§5)

class Findings:
    def __init__(self):
        self.problems, self.counts, self.left = [], {}, []

    def check(self, check_id, ok, place, detail):
        self.counts[check_id] = self.counts.get(check_id, 0) + 1
        if not ok:
            self.problems.append({"check": check_id, **place, "detail": detail})
        return bool(ok)

    def not_checked(self, what, why):
        self.left.append({"what": what, "why": why})

    def report(self, fingerprints):
        return {
            "ok": not self.problems,
            "problems": self.problems,
            "checked": [{"check": c, "count": self.counts[c]} for c in CHECKS if c in self.counts],
            "notChecked": self.left,
            "fingerprints": fingerprints,
        }


# ---- form (§2, §4.1)

COUNTED = ("trust", "checkpoint", "entry", "opening")
SHAPES = {
    "trust": {"log": is_text, "logKey": is_text, "quorum": is_count, "witnesses": is_texts},
    "checkpoint": {"log": is_text, "note": is_text},
    "entry": {"entry": is_text, "index": is_count, "log": is_text, "proof": is_texts},
    "opening": {"content": is_text, "index": is_count, "log": is_text, "part": is_text, "salt": is_text},
    "seal": {"digest": is_text, "digests": lambda value: has_exactly(value, ("header",) + COUNTED)
             and all(is_text(item) for item in value.values())},
}
ENTRY_NAME = re.compile(
    r',"index":(0|[1-9][0-9]{0,8}),"log":"([!#-\[\]-~]{1,255})","proof":\[[^\[\]]*\],"section":"entry"\}')


def parse_line(line):
    if len(line) > LINE_BYTES_MAX or not line.endswith(b"\n"):
        return None
    try:
        return parse_object(line[:-1].decode("utf-8"))
    except (Bad, UnicodeDecodeError):
        return None


def read_header(line, findings):
    place = {"section": "header", "line": 1}
    header = parse_line(line)
    good = (has_exactly(header, ("counts", "created", "format", "subject"))
            and has_exactly(header["counts"], COUNTED) and has_exactly(header["subject"], ("uti",))
            and is_text(header["subject"]["uti"]) and is_text(header["format"]) and is_time(header["created"])
            and all(is_count(n) and n <= COUNT_MAX for n in header["counts"].values()))
    if not findings.check("pack/syntax", good, place, "line 1 is not a header"):
        return None
    if not findings.check("pack/format", header["format"] == FORMAT, place, "the format is not " + FORMAT):
        return None
    counts = {name: int(header["counts"][name]) for name in COUNTED}
    paired = counts["trust"] >= 1 and counts["checkpoint"] == counts["trust"]
    if not findings.check("pack/counts", paired, place, "each log needs one trust and one checkpoint line"):
        return None
    return counts, header["subject"]["uti"]


def broken_place(line, section, number):
    place = {"section": section, "line": number}
    found = section == "entry" and ENTRY_NAME.search(line[:LINE_BYTES_MAX].decode("latin-1"))
    if found:
        place.update(log=found.group(2), index=int(found.group(1)))
    return place


def read_line(line, section, number, findings):
    value, shape = parse_line(line), SHAPES[section]
    good = (value is not None and value.get("section") == section and has_exactly(value, ("section", *shape))
            and all(is_right(value[name]) for name, is_right in shape.items()))
    place = {"section": section, "line": number} if good else broken_place(line, section, number)
    if not findings.check("pack/syntax", good, place, "not a canonical %s line" % section):
        return None
    for name in ("index", "quorum"):
        if name in value:
            value[name] = int(value[name])
    return {**value, "line": number}


def read_pack(data, findings):
    """The sections of a pack and its subject, or None."""
    small = len(data) <= PACK_BYTES_MAX
    if not findings.check("pack/limits", small, {"section": "pack"}, "%d bytes" % len(data)):
        return None
    lines = data.split(b"\n")
    lines = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    header = read_header(lines[0] if lines else b"", findings)
    if header is None:
        return None
    counts, uti = header
    sections = ["header"] + [name for name in COUNTED for _ in range(counts[name])] + ["seal"]
    if len(sections) != len(lines):
        blame_count(lines, sections, findings)
        return None
    values = [None] + [read_line(line, section, number, findings) for number, (line, section)
                       in enumerate(zip(lines[1:], sections[1:]), 2)]
    check_seal(lines, sections, values[-1], findings)
    pack = {name: [v for v, s in zip(values, sections) if v is not None and s == name] for name in COUNTED}
    return {**pack, "trust_count": counts["trust"], "uti": uti}


def blame_count(lines, sections, findings):
    for at, line in enumerate(lines):
        if parse_line(line) is None:
            place = broken_place(line, sections[at] if at < len(sections) else "seal", at + 1)
            findings.check("pack/syntax", False, place, "not one canonical JSON object")
            return
    findings.check("pack/counts", False, {"section": "header", "line": 1},
                   "the header announces %d lines, the pack has %d" % (len(sections), len(lines)))


def check_seal(lines, sections, seal, findings):
    if seal is None:
        return
    own = sha256(canonical(seal["digests"]).encode()).hex() == seal["digest"]
    if not findings.check("pack/seal", own, {"section": "seal", "line": seal["line"]}, "the seal is damaged"):
        return
    for name in ("header",) + COUNTED:
        whole = sha256(b"".join(line for line, section in zip(lines, sections) if section == name))
        findings.check("pack/seal", whole.hex() == seal["digests"][name], {"section": name},
                       "the %s section is not what the seal says" % name)


# ---- keys and checkpoints (§4.2)

def parse_vkey(text, kind):
    """(name, keyId, public key) of a vkey of this type, or None."""
    parts = text.split("+", 2)
    if len(parts) != 3 or not is_name(parts[0]) or not re.fullmatch("[0-9a-f]{8}", parts[1]):
        return None
    typed = from_base64(parts[2])
    if typed is None or len(typed) != 33 or typed[0] != kind:
        return None
    key_id = bytes.fromhex(parts[1])
    return (parts[0], key_id, typed[1:]) if sha256(parts[0].encode() + b"\n" + typed)[:4] == key_id else None


def parse_note(note):
    """(text, [(name, keyId, signature)]), or None."""
    split = note.rfind("\n\n")
    if split < 1 or not note.endswith("\n") or re.search("[\x00-\x09\x0b-\x1f]", note):
        return None
    lines = note[split + 2:-1].split("\n")
    if len(lines) > NOTE_SIGNATURES_MAX:
        return None
    signatures = []
    for line in lines:
        words = line.split(" ")
        data = from_base64(words[2]) if len(words) == 3 and words[0] == "\u2014" and is_name(words[1]) else None
        if data is None or len(data) < 5:
            return None
        signatures.append((words[1], data[:4], data[4:]))
    return note[:split + 1], signatures


def parse_checkpoint(text):
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[3:-1]) or not is_name(lines[0]) or not re.fullmatch("0|[1-9][0-9]{0,15}", lines[1]):
        return None
    root, size = from_base64(lines[2]), int(lines[1])
    if root is None or len(root) != 32 or size > SAFE_MAX:
        return None
    return lines[0], size, root


def first_signature(note, key):
    return next((s for name, key_id, s in note[1] if (name, key_id) == key[:2]), None)


def cosigned(note, key):
    """None without a signature line of this key; otherwise whether the first one holds."""
    signature = first_signature(note, key)
    if signature is None:
        return None
    if len(signature) != 72:
        return False
    seconds = int.from_bytes(signature[:8], "big")
    if seconds == 0:
        return False
    message = "cosignature/v1\ntime %d\n%s" % (seconds, note[0])
    return ed25519_verify(key[2], message.encode(), signature[8:])


def check_logs(pack, pinned, findings):
    logs = {}
    for trust in pack["trust"]:
        place = {"section": "trust", "line": trust["line"], "log": trust["log"]}
        key = parse_vkey(trust["logKey"], 1)
        witnesses = [parse_vkey(text, 4) for text in trust["witnesses"]]
        good = (is_name(trust["log"]) and trust["log"] not in logs and key and key[0] == trust["log"]
                and all(witnesses) and len({w[0] for w in witnesses}) == len(witnesses)
                and 1 <= trust["quorum"] <= len(witnesses))
        if not findings.check("trust/keys", good, place, "keys, names or quorum are not valid"):
            continue
        if pinned:
            findings.check("trust/pinned", trust["logKey"] in pinned["logs"], place, "not a log of the trust file")
        logs[trust["log"]] = {"trust": trust, "key": key, "witnesses": witnesses, "rank": len(logs)}
    for origin, log in logs.items():
        number = log["trust"]["line"] + pack["trust_count"]
        line = next((line for line in pack["checkpoint"] if line["line"] == number), None)
        if line:
            check_checkpoint(origin, log, line, pinned, findings)
    return logs


def check_checkpoint(origin, log, line, pinned, findings):
    place = {"section": "checkpoint", "line": line["line"], "log": line["log"]}
    note = parse_note(line["note"])
    checkpoint = note and parse_checkpoint(note[0])
    good = checkpoint and checkpoint[0] == origin and line["log"] == origin
    if not findings.check("checkpoint/note", good, place, "not a checkpoint of its log"):
        return
    signature = first_signature(note, log["key"])
    signed = signature is not None and ed25519_verify(log["key"][2], note[0].encode(), signature)
    if not findings.check("checkpoint/signature", signed, place, "the log did not sign this"):
        return
    good = 0
    for witness in log["witnesses"]:
        held = cosigned(note, witness)
        if held is not None:
            good += findings.check("checkpoint/cosignature", held, place, "cosignature of %s" % witness[0])
    quorum = log["trust"]["quorum"]
    findings.check("checkpoint/quorum", good >= quorum, place, "%d of %d cosigned" % (good, quorum))
    if pinned:
        names = {name for name, key in pinned["witnesses"].items() if cosigned(note, key)}
        findings.check("trust/pinned", reaches_quorum(pinned, names), place, "quorum of the trust file not reached")
    log["size"], log["root"] = checkpoint[1], checkpoint[2]


# ---- entries and openings (§3.1, §4.3, §4.4)

def parse_leaf(text):
    if len(text.encode("utf-8")) > LEAF_BYTES_MAX:
        return None
    try:
        leaf = parse_object(text)
    except Bad:
        return None
    names = ("at", "body", "corr", "log", "seq", "type", "v") + (("parts",) if "parts" in leaf else ())
    good = (has_exactly(leaf, names) and is_time(leaf["at"]) and isinstance(leaf["body"], dict)
            and is_text(leaf["corr"]) and len(leaf["corr"].encode("utf-16-le")) <= 512 and is_text(leaf["log"]) and is_count(leaf["seq"])
            and is_text(leaf["type"]) and len(leaf["type"]) <= 64
            and re.fullmatch(r"[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*){1,3}", leaf["type"])
            and leaf["v"] is not True and leaf["v"] == 1)
    if not good or ("parts" in leaf and not is_parts(leaf["parts"])):
        return None
    return {**leaf, "parts": leaf.get("parts", {})}


def is_parts(parts):
    return isinstance(parts, dict) and 1 <= len(parts) <= 16 and all(
        re.fullmatch("[A-Za-z][A-Za-z0-9-]{0,63}", name) and is_text(text)
        and len(from_base64url(text) or b"") == 32 for name, text in parts.items())


def root_from_proof(leaf_hash, index, size, proof):
    """RFC 9162 §2.1.3.2; None when the proof has the wrong length."""
    if index >= size:
        return None
    fn, sn, r = index, size - 1, leaf_hash
    for p in proof:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = sha256(b"\x01" + p + r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\x01" + r + p)
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None


def entry_place(entry):
    return {"section": "entry", "line": entry["line"], "log": entry["log"], "index": entry["index"]}


def check_entries(pack, logs, findings):
    entries, last, last_at = {}, (-1, -1), ""
    for line in pack["entry"]:
        entry = check_entry(line, pack, logs, findings)
        if entry is None:
            continue
        position = (logs[line["log"]]["rank"], line["index"])
        ordered = position > last and (position[0] > last[0] or entry["at"] >= last_at)
        if findings.check("entry/order", ordered, entry_place(line), "index and time must ascend"):
            entries[line["log"], line["index"]] = entry
            last, last_at = position, entry["at"]
    any_problem = bool(findings.problems)
    for origin, log in logs.items():
        first, trust = entries.get((origin, 0)), log["trust"]
        if first is None and any_problem:
            continue
        same = first and first["type"] == "journal.opened" and all(
            name in first["body"] and first["body"][name] == value for name, value in (
                ("origin", origin), ("logKey", trust["logKey"]), ("witnesses", trust["witnesses"]))
        ) and is_count(first["body"].get("quorum")) and first["body"]["quorum"] == trust["quorum"]
        findings.check("trust/opened", same, {"section": "trust", "line": trust["line"], "log": origin},
                       "entry 0 does not say these keys")
    return entries


def check_entry(line, pack, logs, findings):
    log, place = logs.get(line["log"]), entry_place(line)
    if log is None and len(logs) < pack["trust_count"]:
        return None
    leaf = parse_leaf(line["entry"])
    good = log is not None and leaf is not None and leaf["log"] == line["log"]
    if not findings.check("entry/leaf", good, place, "not a leaf of a log of this pack") or "root" not in log:
        return None
    if not findings.check("entry/seq", leaf["seq"] == line["index"], place, "the leaf carries another number"):
        return None
    proof = [from_base64(text) for text in line["proof"]]
    whole = all(p is not None and len(p) == 32 for p in proof)
    leaf_hash = sha256(b"\x00" + line["entry"].encode())
    proved = whole and root_from_proof(leaf_hash, line["index"], log["size"], proof) == log["root"]
    if not findings.check("entry/inclusion", proved, place, "leaf hash and proof do not lead to the root"):
        return None
    return {**leaf, "line": line["line"], "index": line["index"], "opened": {}}


def check_openings(pack, logs, entries, findings):
    broken = any(p["section"] in ("trust", "checkpoint", "entry") for p in findings.problems)
    last = (-1, -1, "")
    for line in pack["opening"]:
        place = {name: line[name] for name in ("section", "line", "log", "index", "part")}
        entry = entries.get((line["log"], line["index"]))
        if entry is None and broken:
            continue
        known = entry is not None and line["part"] in entry["parts"]
        if not findings.check("opening/entry", known, place, "no such entry or part"):
            continue
        salt = from_base64url(line["salt"])
        same = salt is not None and len(salt) == 16 and digest(
            "poundlock/part/v1", salt, line["part"].encode(), line["content"].encode()
        ) == from_base64url(entry["parts"][line["part"]])
        if not findings.check("opening/digest", same, place, "salt and content do not give the digest"):
            continue
        position = (logs[line["log"]]["rank"], line["index"], line["part"])
        if findings.check("opening/order", position > last, place, "openings must ascend"):
            entry["opened"][line["part"]] = line
            last = position


# ---- keys and policy (§4.5, §4.6)

KEY_BYTES = {"Ed25519": 32, "ES256": 33, "secp256k1": 33}
VALUE_MOVING = ("trade.executed", "trade.confirmed", "settlement.signed", "settlement.instructed",
                "settlement.submitted")


def read_key(entry):
    body = entry["body"]
    names = ["keyId", "algorithm", "publicKey", "owner", "use", "validFrom"]
    if not all(is_text(body.get(name)) and body[name] for name in names) or not is_time(body["validFrom"]):
        return None
    if "validTo" in body and not is_time(body["validTo"]):
        return None
    data = from_base64url(body["publicKey"])
    if data is None or len(data) != KEY_BYTES.get(body["algorithm"]):
        return None
    if body["algorithm"] == "secp256k1" and address_of(data) is None:
        return None
    key = {name: body[name] for name in names}
    return {**key, "validTo": body.get("validTo"), "bytes": data, "log": entry["log"], "index": entry["index"]}


def check_keys(entries, findings):
    keys = []
    for entry in entries:
        if entry["type"] != "key.registered":
            continue
        key = read_key(entry)
        same = key is not None and all(
            other["keyId"] != key["keyId"]
            or all(other[n] == key[n] for n in ("algorithm", "publicKey", "owner", "use")) for other in keys)
        if findings.check("keys/agreement", same, entry_place(entry), "not valid, or contradicts another"):
            keys.append(key)
    return keys


def keys_at(keys, entry):
    last = {k["keyId"]: k for k in keys if k["log"] == entry["log"] and k["index"] < entry["index"]}
    return [k for k in last.values()
            if k["validFrom"] <= entry["at"] and (k["validTo"] is None or entry["at"] < k["validTo"])]


def check_policy(entries, findings):
    for entry in entries:
        if entry["type"] not in VALUE_MOVING:
            continue
        policy = entry["body"].get("policy")
        policy = policy if isinstance(policy, dict) else {}
        rules, policy_set = policy.get("rules"), policy.get("set")
        allowed = (policy.get("decision") == "allow" and is_texts(rules) and rules and all(rules)
                   and is_text(policy_set) and policy_set and "policy" in entry["parts"])
        if not findings.check("policy/allow", allowed, entry_place(entry), "no allow for what moves value"):
            continue
        released = any(e["type"] == "policy.released" and e["log"] == entry["log"]
                       and e["index"] < entry["index"] and e["body"].get("version") == policy_set for e in entries)
        findings.check("policy/released", released, entry_place(entry), "this policy set was not released before")


# ---- the record (§3.3, §4.7)

def is_decimal(text):
    return re.fullmatch(r"(0|[1-9][0-9]{0,37})(\.[0-9]{0,17}[1-9])?", text) is not None and text != "0"


def is_uint(text):
    return re.fullmatch("0|[1-9][0-9]{0,77}", text) is not None and int(text) < 2**256


def is_amount(text):
    return is_uint(text) and text != "0"


def is_id(text):
    return re.fullmatch("[!-~]{1,64}", text) is not None


def is_address(text):
    return re.fullmatch("0x[0-9a-f]{40}", text) is not None


PRESENT = bool
PARTY = {"lei": PRESENT, "name": lambda text: re.fullmatch("[^\x00-\x1f\x7f]+", text)}
RECORD = {
    "uti": PRESENT, "tradeDate": PRESENT, "executedAt": is_time, "buyer": PARTY, "seller": PARTY,
    "product": {"securityId": PRESENT, "cfi": PRESENT, "underlying": PRESENT, "putOrCall": PRESENT,
                "exerciseStyle": PRESENT, "settlMethod": PRESENT, "strike": is_decimal, "strikeCurrency": PRESENT,
                "expiry": is_time, "multiplier": is_decimal},
    "quantity": is_decimal, "price": is_decimal, "premium": {"asset": PRESENT, "minor": is_amount},
    "execution": {"quoteId": is_id, "orderId": is_id, "clOrdId": is_id, "execId": is_id},
    "settlement": {"route": lambda text: text == "same-ledger",
                   "chainId": lambda text: re.fullmatch("eip155:[1-9][0-9]{0,15}", text),
                   "contract": is_address, "deliverer": is_address, "receiver": is_address,
                   "deliverToken": is_address, "deliverId": is_uint, "deliverAmount": is_amount,
                   "payToken": is_address, "payAmount": is_amount, "nonce": is_uint,
                   "deadline": lambda text: is_time(text) and text.endswith(".000Z")},
}


def has_shape(value, shape):
    if callable(shape):
        return is_text(value) and bool(shape(value))
    return has_exactly(value, shape) and all(has_shape(value[name], inner) for name, inner in shape.items())


def parse_record(payload):
    try:
        record = parse_object(payload.decode("utf-8"))
    except (Bad, UnicodeDecodeError):
        return None
    version = record.pop("v", None)
    return record if version is not True and version == 1 and has_shape(record, RECORD) else None


def parse_jws(text):
    """(payload, [(kid, typ, signed bytes, signature)]), or None."""
    try:
        jws = parse_object(text)
        lines = jws.get("signatures")
        payload = from_base64url(jws["payload"]) if is_text(jws.get("payload")) else None
        if (not has_exactly(jws, ("payload", "signatures")) or payload is None or not isinstance(lines, list)
                or not 1 <= len(lines) <= RECORD_SIGNATURES_MAX):
            return None
        return payload, [parse_jws_signature(line, jws["payload"]) for line in lines]
    except (Bad, UnicodeDecodeError):
        return None


def parse_jws_signature(line, payload):
    if not has_exactly(line, ("protected", "signature")) or not all(is_text(v) for v in line.values()):
        raise Bad("signature")
    encoded, signature = from_base64url(line["protected"]), from_base64url(line["signature"])
    if encoded is None or signature is None:
        raise Bad("signature")
    header = parse_object(encoded.decode("utf-8"))
    if (not has_exactly(header, ("alg", "kid", "typ")) or header["alg"] != "Ed25519"
            or not is_text(header["kid"]) or not is_text(header["typ"])):
        raise Bad("header")
    return header["kid"], header["typ"], (line["protected"] + "." + payload).encode(), signature


def part_place(entry, part):
    place = {"section": "opening", "log": entry["log"], "index": entry["index"], "part": part}
    return {**place, "line": entry["opened"][part]["line"]} if part in entry["opened"] else place


def content_of(entry, part):
    return entry["opened"][part]["content"] if part in entry["opened"] else None


def decimal_parts(text):
    whole, _, fraction = text.partition(".")
    return int(whole + fraction), len(fraction)


def is_premium(record):
    mantissa, scale = 1, 0
    for text in (record["price"], record["quantity"], record["product"]["multiplier"]):
        part = decimal_parts(text)
        mantissa, scale = mantissa * part[0], scale + part[1]
    minor = int(record["premium"]["minor"]) * 10**scale
    return any(mantissa * 10**d == minor for d in range(37))


def is_lei(text):
    return (re.fullmatch("[0-9A-Z]{18}[0-9]{2}", text) is not None
            and int("".join(str(int(char, 36)) for char in text)) % 97 == 1)


def has_good_economics(record):
    product, premium, s = record["product"], record["premium"], record["settlement"]
    cfi = product["cfi"]
    return (record["tradeDate"] == record["executedAt"][:10] and product["expiry"] > record["executedAt"]
            and re.fullmatch("O[CP][AEB][A-Z]{3}", cfi)
            and product["putOrCall"] == {"C": "Call", "P": "Put"}[cfi[1]]
            and product["exerciseStyle"] == {"A": "American", "E": "European", "B": "Bermudan"}[cfi[2]]
            and is_premium(record) and s["payAmount"] == premium["minor"]
            and s["deliverAmount"] == record["quantity"]
            and premium["asset"] == s["chainId"] + "/erc20:" + s["payToken"] and s["deliverer"] != s["receiver"]
            and record["executedAt"] < s["deadline"] < product["expiry"])


def is_generated_uti(record):
    buyer, seller = record["buyer"]["lei"], record["seller"]["lei"]
    exec_id = record["execution"]["execId"].encode()
    return any(record["uti"] == maker + digest("poundlock/uti/v1", maker.encode(), taker.encode(), exec_id)
               .hex()[:32].upper() for maker, taker in ((buyer, seller), (seller, buyer)))


def check_signed(entry, keys, findings):
    """(record, hash, owners who signed), or None."""
    place = part_place(entry, "record")
    jws = parse_jws(content_of(entry, "record") or "")
    record = jws and parse_record(jws[0])
    good = record and is_text(entry["body"].get("tradeId"))
    if not findings.check("record/form", good, place, "not a signed trade record"):
        return None
    hashed = digest("poundlock/record/v1", jws[0]).hex()
    findings.check("record/hash", entry["body"].get("recordHash") == hashed, entry_place(entry),
                   "recordHash is not that of the record")
    owners = []
    for kid, typ, signed, signature in jws[1]:
        key = next((k for k in keys_at(keys, entry) if k["keyId"] == kid), None)
        usable = key is not None and key["algorithm"] == "Ed25519" and key["use"] == "record"
        if not findings.check("keys/registered", usable, place, "%s is not a record key then" % kid):
            continue
        holds = typ == "poundlock-trade+json" and ed25519_verify(key["bytes"], signed, signature)
        if findings.check("record/signature", holds, place, "signature of %s" % kid):
            owners.append(key["owner"])
    return record, hashed, owners


def check_view(log, entries, uti, keys, findings):
    """What one log says of the trade, or None."""
    ours = [e for e in entries if e["log"] == log and e["body"].get("uti") == uti]
    confirmed = [e for e in ours if e["type"] == "trade.confirmed"]
    present = len(confirmed) == 1 and content_of(confirmed[0], "record") is not None
    place = entry_place(confirmed[0]) if confirmed else {"section": "entry", "log": log}
    if not findings.check("record/present", present, place, "one trade.confirmed with its record is needed"):
        return None
    for entry in ours:
        if entry["type"] == "trade.proposed" and content_of(entry, "record") is not None:
            check_signed(entry, keys, findings)
    entry = confirmed[0]
    signed = check_signed(entry, keys, findings)
    if signed is None:
        return None
    record, hashed, owners = signed
    place, parties = part_place(entry, "record"), [record["buyer"]["lei"], record["seller"]["lei"]]
    both = sorted(owners) == sorted(parties) and parties[0] != parties[1] and all(map(is_lei, parties))
    findings.check("record/parties", both, place, "buyer and seller must sign, each once")
    findings.check("record/economics", has_good_economics(record), place, "the economics contradict themselves")
    good = record["uti"] == uti and is_generated_uti(record)
    findings.check("record/uti", good, place, "not the subject, or not by the rule")
    return {"log": log, "tradeId": entry["body"]["tradeId"], "hash": hashed, "record": record}


def check_agreement(views, logs, entries, uti, findings):
    if len(views) < len(logs):
        return
    two = "a trade needs the logs of both parties"
    if not findings.check("record/agreement", len(logs) >= 2, {"section": "trust"}, two):
        return
    for entry in entries:
        if entry["type"] in ("trade.confirmed", "trade.proposed") and entry["body"].get("uti") == uti:
            same = entry["body"].get("recordHash") == views[0]["hash"]
            findings.check("record/agreement", same, entry_place(entry), "another record than confirmed first")


# ---- the instruction (§3.4, §4.8) and order (§4.9)

MEMBERS = (("tradeId", "bytes32"), ("deliverer", "address"), ("receiver", "address"),
           ("deliverToken", "address"), ("deliverId", "uint256"), ("deliverAmount", "uint256"),
           ("payToken", "address"), ("payAmount", "uint256"), ("deadline", "uint256"), ("nonce", "uint256"))
IS_TYPE = {"address": is_address, "uint256": is_uint,
           "bytes32": lambda text: re.fullmatch("0x[0-9a-f]{64}", text) is not None}
ROLES = (("deliverer", "seller"), ("receiver", "buyer"))


def word(text):
    return int(text, 16 if text.startswith("0x") else 10).to_bytes(32, "big")


@functools.lru_cache(maxsize=1024)
def instruction_digest(domain, words):
    domain_type = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    struct_type = "SettlementInstruction(%s)" % ",".join("%s %s" % (kind, name) for name, kind in MEMBERS)
    domain_hash = keccak256(keccak256(domain_type) + keccak256(b"Poundlock Settlement") + keccak256(b"1") + domain)
    return keccak256(b"\x19\x01" + domain_hash + keccak256(keccak256(struct_type.encode()) + words))


def parse_instruction(text):
    try:
        value = parse_object(text)
    except Bad:
        return None
    if not has_exactly(value, ("domain", "message", "signatures")):
        return None
    domain, message, signatures = value["domain"], value["message"], value["signatures"]
    good = (has_exactly(domain, ("chainId", "name", "verifyingContract", "version"))
            and domain["name"] == "Poundlock Settlement" and domain["version"] == "1"
            and is_count(domain["chainId"]) and domain["chainId"] >= 1
            and is_text(domain["verifyingContract"]) and is_address(domain["verifyingContract"])
            and has_exactly(message, [name for name, _ in MEMBERS])
            and all(is_text(message[name]) and IS_TYPE[kind](message[name]) for name, kind in MEMBERS)
            and isinstance(signatures, dict) and signatures and set(signatures) <= {"deliverer", "receiver"}
            and all(is_text(s) and re.fullmatch("0x[0-9a-f]{130}", s) for s in signatures.values()))
    if not good:
        return None
    domain_words = word(str(int(domain["chainId"]))) + word(domain["verifyingContract"])
    hashed = instruction_digest(domain_words, b"".join(word(message[name]) for name, _ in MEMBERS))
    return {"chain": "eip155:%d" % domain["chainId"], "contract": domain["verifyingContract"], "message": message,
            "signatures": {r: bytes.fromhex(s[2:]) for r, s in signatures.items()}, "digest": hashed}


def check_instruction(entry, view, keys, findings):
    place, body = part_place(entry, "instruction"), entry["body"]
    complete = entry["type"] == "settlement.instructed"
    instruction = parse_instruction(content_of(entry, "instruction") or "")
    good = instruction and (not complete or len(instruction["signatures"]) == 2)
    if not findings.check("instruction/form", good, place, "not a signed instruction"):
        return None
    text = "0x" + instruction["digest"].hex()
    named = body.get("digest") == text and (not complete or (
        body.get("chainId") == instruction["chain"] and body.get("contract") == instruction["contract"]))
    findings.check("instruction/digest", named, entry_place(entry), "digest, chainId or contract differ")
    message, record = instruction["message"], view["record"]
    for role, side in ROLES:
        if role not in instruction["signatures"]:
            continue
        signed = recover_address(instruction["digest"], instruction["signatures"][role]) == message[role]
        findings.check("instruction/signature", signed, place, "the %s did not sign this" % role)
        known = any(k["algorithm"] == "secp256k1" and k["use"] == "settlement"
                    and k["owner"] == record[side]["lei"] and address_of(k["bytes"]) == message[role]
                    for k in keys_at(keys, entry))
        findings.check("keys/registered", known, place, "no settlement key of the %s" % role)
    s = record["settlement"]
    expected = {name: s[name] for name, _ in MEMBERS if name in s}
    expected["tradeId"] = "0x" + digest("poundlock/trade/v1", record["uti"].encode()).hex()
    expected["deadline"] = str(unix_seconds(s["deadline"]))
    same = (message == expected and instruction["chain"] == s["chainId"]
            and instruction["contract"] == s["contract"])
    findings.check("instruction/matches-record", same, place, "not what the record says")
    return text


def check_instructions(view, entries, keys, findings):
    ours = [e for e in entries if e["log"] == view["log"] and e["body"].get("tradeId") == view["tradeId"]]
    view["entries"], view["instructed"] = ours, None
    for entry in ours:
        if entry["type"] == "settlement.signed" and content_of(entry, "instruction") is not None:
            check_instruction(entry, view, keys, findings)
    instructed = [e for e in ours if e["type"] == "settlement.instructed"]
    if not instructed:
        return
    present = len(instructed) == 1 and content_of(instructed[0], "instruction") is not None
    if not findings.check("instruction/present", present, entry_place(instructed[0]), "instructed once, opened"):
        return
    text = check_instruction(instructed[0], view, keys, findings)
    if text is not None:
        view["instructed"] = (instructed[0], text)


def check_settlement(views, findings):
    instructed = [view["instructed"] for view in views if view["instructed"]]
    for entry, text in instructed[1:]:
        findings.check("settlement/agreement", text == instructed[0][1], entry_place(entry), "instructions differ")
    settled = [e for view in views for e in view["entries"] if e["type"] == "settlement.settled"]
    sent = [e["body"].get("txHash") for view in views for e in view["entries"]
            if e["type"] == "settlement.submitted"]
    for entry in settled:
        agreed = all(is_text(entry["body"].get(name)) and entry["body"][name] == settled[0]["body"].get(name)
                     for name in ("txHash", "blockNumber", "blockHash"))
        findings.check("settlement/agreement", agreed and entry["body"]["txHash"] in sent, entry_place(entry),
                       "not what the other log settled, or nobody submitted it")


BEFORE = {
    "trade.confirmed": (("trade.executed",),),
    "settlement.signed": (("trade.confirmed",),),
    "settlement.instructed": (("trade.confirmed",),),
    "settlement.submitted": (("trade.confirmed",), ("settlement.instructed",)),
    "settlement.settled": (("trade.confirmed",), ("settlement.signed", "settlement.instructed")),
}


def check_order(view, findings):
    for entry in view["entries"]:
        if entry["type"] in BEFORE:
            ordered = all(any(e["type"] in types and e["index"] < entry["index"] for e in view["entries"])
                          for types in BEFORE[entry["type"]])
            findings.check("order/write-ahead", ordered, entry_place(entry), "what orders it must come before it")


# ---- the whole (§4, §5)

def check_trade(logs, entries, uti, findings):
    keys = check_keys(entries, findings)
    check_policy(entries, findings)
    views = [view for view in (check_view(log, entries, uti, keys, findings) for log in logs) if view]
    check_agreement(views, logs, entries, uti, findings)
    for view in views:
        check_instructions(view, entries, keys, findings)
    check_settlement(views, findings)
    for view in views:
        check_order(view, findings)
    prints = {"record": views[0]["hash"]} if views else {}
    instructed = [view["instructed"][1] for view in views if view["instructed"]]
    return {**prints, "instruction": instructed[0]} if instructed else prints


def say_what_is_left(logs, entries, findings):
    shut = sum(len(entry["parts"]) - len(entry["opened"]) for entry in entries)
    absent = sum(log.get("size", 0) for log in logs.values()) - len(entries)
    types = {entry["type"] for entry in entries}
    if shut:
        findings.not_checked("parts", "%d parts are not opened: only their digests were seen" % shut)
    if absent > 0:
        findings.not_checked("entries", "%d entries of the logs are not in the pack" % absent)
    if "settlement.instructed" not in types:
        findings.not_checked("settlement", "the pack holds no settlement instruction")
    if types & {"settlement.submitted", "settlement.settled"}:
        findings.not_checked("chain", "that the transaction is on its chain and final: ask a node of that chain")
    findings.not_checked("decimals", "the decimals of the premium's asset: ask its contract")
    findings.not_checked("product", "that the product is what its SecurityID means: ask the venue")
    findings.not_checked("time", "times are what the logs and witnesses say")


def verify_pack(data, pinned=None):
    findings, logs, trade = Findings(), {}, {}
    if pinned is None:
        findings.not_checked("trust", "no trust file: the log and witness keys are those that the pack names itself")
    pack = read_pack(data, findings)
    if pack:
        logs = check_logs(pack, pinned, findings)
        proved = check_entries(pack, logs, findings)
        check_openings(pack, logs, proved, findings)
        entries = list(proved.values())
    if findings.problems:
        findings.not_checked("meaning", "what the entries mean is checked only when all of them are proved")
    else:
        trade = check_trade(logs, entries, pack["uti"], findings)
        say_what_is_left(logs, entries, findings)
    prints = [{"log": origin, "key": sha256(log["trust"]["logKey"].encode()).hex(), "size": log["size"],
               "root": log["root"].hex()} for origin, log in logs.items() if "root" in log]
    return findings.report({"pack": sha256(data).hex(), "logs": prints, **trade})


# ---- trust file (C2SP tlog-policy)

def parse_trust(text):
    trust = {"logs": set(), "witnesses": {}, "groups": {}, "quorum": None}
    quorums = 0
    for number, raw in enumerate(text.split("\n"), 1):
        words = raw.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "quorum" and len(words) == 2 and (words[1] == "none" or is_known(words[1], trust)):
            trust["quorum"] = None if words[1] == "none" else words[1]
            quorums += 1
        elif not read_trust_line(words, trust):
            raise Bad("line %d of the trust file is not understood" % number)
    if quorums != 1 or not trust["logs"]:
        raise Bad("the trust file needs a log and exactly one quorum line")
    return trust


def is_known(name, trust):
    return name in trust["witnesses"] or name in trust["groups"]


def read_trust_line(words, trust):
    kind, words = words[0], words[1:]
    if kind == "log" and len(words) in (1, 2) and parse_vkey(words[0], 1):
        trust["logs"].add(words[0])
        return True
    if not words or not is_name(words[0]) or words[0] == "none" or is_known(words[0], trust):
        return False
    if kind == "witness" and len(words) in (2, 3) and parse_vkey(words[1], 4):
        trust["witnesses"][words[0]] = parse_vkey(words[1], 4)
        return True
    if kind != "group" or len(words) < 3:
        return False
    members = words[2:]
    number = int(words[1]) if re.fullmatch("[1-9][0-9]{0,3}", words[1]) else 0
    needed = {"any": 1, "all": len(members)}.get(words[1], number)
    trust["groups"][words[0]] = (needed, members)
    return (1 <= needed <= len(members) and len(set(members)) == len(members)
            and all(is_known(m, trust) and m != words[0] for m in members))


def reaches_quorum(trust, names):
    def holds(name):
        if name in trust["groups"]:
            needed, members = trust["groups"][name]
            return sum(map(holds, members)) >= needed
        return name in names
    return trust["quorum"] is None or holds(trust["quorum"])


# ---- command line

def report_text(report):
    checks = sum(item["count"] for item in report["checked"])
    lines = ["OK    %d checks hold" % checks if report["ok"]
             else "FAIL  %d of %d checks do not hold" % (len(report["problems"]), checks), ""]
    for p in report["problems"]:
        place = "entry %d" % p["index"] if "index" in p else "the %s section" % p["section"]
        place = "part %s of %s" % (p["part"], place) if "part" in p else place
        place += " of " + p["log"] if "log" in p else ""
        place += " (line %d)" % p["line"] if "line" in p else ""
        lines.append("  %s at %s: %s" % (p["check"], place, p["detail"]))
    prints = report["fingerprints"]
    lines += ([""] if report["problems"] else []) + ["  pack         " + prints["pack"]]
    lines += ["  log          %(log)s  %(size)d entries  root %(root)s  key %(key)s" % log for log in prints["logs"]]
    lines += ["  %-12s %s" % (name, prints[name]) for name in ("record", "instruction") if name in prints]
    lines += [""] + ["  not checked: %(what)s (%(why)s)" % item for item in report["notChecked"]]
    return "\n".join(lines)


def run_flips(data, file, pinned):
    """A report for each line "<offset> <xor>": the pack with that one byte changed."""
    all_found = True
    with open(file) as lines:
        for line in lines:
            offset, mask = map(int, line.split())
            changed = bytearray(data)
            changed[offset] ^= mask
            report = verify_pack(bytes(changed), pinned)
            all_found = all_found and not report["ok"]
            print(json.dumps(report))
    return 0 if all_found else 5


def usage(message):
    print("verify.py: %s\nusage: verify.py <pack> [--trust <file>] [--json | --flips <file>]" % message,
          file=sys.stderr)
    return 2


def main(args):
    files, options, args = [], {}, list(args)
    while args:
        arg = args.pop(0)
        if arg == "--json":
            options["json"] = True
        elif arg in ("--trust", "--flips") and args:
            options[arg[2:]] = args.pop(0)
        elif arg.startswith("-"):
            return usage("%s is not understood" % arg)
        else:
            files.append(arg)
    if len(files) != 1:
        return usage("name one pack")
    try:
        with open(files[0], "rb") as file:
            data = file.read(PACK_BYTES_MAX + 1)
        pinned = None
        if "trust" in options:
            with open(options["trust"], encoding="utf-8") as file:
                pinned = parse_trust(file.read(TRUST_BYTES_MAX))
        if "flips" in options:
            return run_flips(data, options["flips"], pinned)
    except (OSError, ValueError, Bad) as error:
        return usage(str(error))
    report = verify_pack(data, pinned)
    print(json.dumps(report, indent=2) if options.get("json") else report_text(report))
    return 0 if report["ok"] else 5


if __name__ == "__main__":
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    sys.exit(main(sys.argv[1:]))
