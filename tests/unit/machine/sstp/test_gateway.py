"""The addresses that a gateway of SSTP hands out."""

from __future__ import annotations

from ipaddress import IPv4Address

from netlab.machine.sstp.gateway import Pool

FIRST = IPv4Address("192.168.0.128")


def test_the_lowest_free_address_is_next() -> None:
    pool = Pool(FIRST, FIRST + 2)
    assert [pool.take() for _ in range(4)] == [FIRST, FIRST + 1, FIRST + 2, None]
    pool.give_back(FIRST + 1)
    assert pool.take() == FIRST + 1
    assert pool.take() is None


def test_an_address_is_given_back_once() -> None:
    pool = Pool(FIRST, FIRST)
    assert pool.take() == FIRST
    pool.give_back(FIRST)
    pool.give_back(FIRST)
    assert (pool.take(), pool.take()) == (FIRST, None)
