# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for servers on loopback, made without a program that a system may lack.

X.509 version 3 (RFC 5280) with an elliptic curve's key, P-256 (RFC 5480), and ECDSA over SHA-256.
Neither fast nor safe against who measures time: for tests alone.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest

from support.systems import on_wine

VALID = ("20200101000000Z", "20990101000000Z")
EXPIRED = ("20200101000000Z", "20210101000000Z")
NOT_YET = ("20980101000000Z", "20990101000000Z")

# The curve y² = x³ - 3x + b over the field of PRIME, of the order ORDER, and its base point.
PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
BASE = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
Point = tuple[int, int]

SEQUENCE, SET, OCTETS, UTF8 = 0x30, 0x31, 0x04, 0x0C
COMMON_NAME, BASIC, ALTERNATIVE = "2.5.4.3", "2.5.29.19", "2.5.29.17"
EC_KEY, P256, ECDSA = "1.2.840.10045.2.1", "1.2.840.10045.3.1.7", "1.2.840.10045.4.3.2"


@dataclass(frozen=True)
class Certificate:
    """A certificate that has signed itself, and its key, as PEM files."""

    file: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        """For a server that shows it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


def certificate(
    folder: Path,
    days: tuple[str, str] = VALID,
    names: str = "IP:127.0.0.1,DNS:localhost,DNS:gateway.example",
) -> Certificate:
    """Make one of its own authority, for these names, in a new folder."""
    if on_wine():
        # CertCreateCertificateChainEngine answers E_INVALIDARG (Wine 10).
        pytest.skip("Wine takes no certificate authorities of a program's own")
    folder.mkdir(parents=True)
    secret = 1 + secrets.randbelow(ORDER - 1)
    x, y = multiplied(BASE, secret)
    public = b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
    facts = to_be_signed(public, days, names)
    whole = der(SEQUENCE, facts, der(SEQUENCE, oid(ECDSA)), bits(signature(facts, secret)))
    private = der(
        SEQUENCE,
        integer(1),
        der(OCTETS, secret.to_bytes(32, "big")),
        der(0xA0, oid(P256)),
        der(0xA1, bits(public)),
    )
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    made.file.write_text(pem("CERTIFICATE", whole), "ascii")
    made.key.write_text(pem("EC PRIVATE KEY", private), "ascii")
    return made


def to_be_signed(public: bytes, days: tuple[str, str], names: str) -> bytes:
    """What a certificate says."""
    own = der(SEQUENCE, der(SET, der(SEQUENCE, oid(COMMON_NAME), der(UTF8, b"stand-in"))))
    yes = der(0x01, b"\xff")
    extensions = (
        der(SEQUENCE, oid(BASIC), yes, der(OCTETS, der(SEQUENCE, yes))),
        der(SEQUENCE, oid(ALTERNATIVE), der(OCTETS, der(SEQUENCE, *map(name, names.split(","))))),
    )
    return der(
        SEQUENCE,
        der(0xA0, integer(2)),  # version 3
        integer(1 + secrets.randbits(64)),
        der(SEQUENCE, oid(ECDSA)),
        own,
        der(SEQUENCE, *map(moment, days)),
        own,
        der(SEQUENCE, der(SEQUENCE, oid(EC_KEY), oid(P256)), bits(public)),
        der(0xA3, der(SEQUENCE, *extensions)),
    )


def name(text: str) -> bytes:
    """A host's alternative name, `IP:...` or `DNS:...`."""
    kind, _, value = text.partition(":")
    return der(0x87, ip_address(value).packed) if kind == "IP" else der(0x82, value.encode())


def moment(text: str) -> bytes:
    """A time: until 2049 its year must have two digits (RFC 5280, 4.1.2.5)."""
    return der(0x17, text[2:].encode()) if text < "2050" else der(0x18, text.encode())


def signature(content: bytes, secret: int) -> bytes:
    """The signature of a text by the private key."""
    digest = int.from_bytes(hashlib.sha256(content).digest(), "big")
    once = 1 + secrets.randbelow(ORDER - 1)
    first = multiplied(BASE, once)[0] % ORDER
    second = pow(once, -1, ORDER) * (digest + first * secret) % ORDER
    return der(SEQUENCE, integer(first), integer(second))


def multiplied(point: Point, count: int) -> Point:
    """A point of the curve, added to itself; the count is at least 1."""
    total: Point | None = None
    while count:
        if count & 1:
            total = added(total, point) if total else point
        point = added(point, point)
        count >>= 1
    assert total
    return total


def added(one: Point, other: Point) -> Point:
    """The sum of two points, neither of which is the other's negative."""
    (x, y), (u, v) = one, other
    if one == other:
        slope = 3 * (x * x - 1) * pow(2 * y, -1, PRIME)
    else:
        slope = (v - y) * pow(u - x, -1, PRIME)
    sum_x = (slope * slope - x - u) % PRIME
    return sum_x, (slope * (x - sum_x) - y) % PRIME


def der(tag: int, *parts: bytes) -> bytes:
    """A value of ASN.1 with its tag and its length."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def integer(value: int) -> bytes:
    """A number that is not negative."""
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def bits(content: bytes) -> bytes:
    """A string of whole bytes, as one of bits."""
    return der(0x03, b"\0" + content)


def oid(dotted: str) -> bytes:
    """An object's identifier."""
    first, second, *others = map(int, dotted.split("."))
    content = bytearray((40 * first + second,))
    for number in others:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | number & 0x7F)
        content += bytes(reversed(groups))
    return der(0x06, bytes(content))


def pem(what: str, content: bytes) -> str:
    """The text form of a file."""
    coded = base64.encodebytes(content).decode("ascii")
    return f"-----BEGIN {what}-----\n{coded}-----END {what}-----\n"
