"""Authorities: not read by an import, there where a connection is made."""

import os
import subprocess
import sys
from textwrap import dedent

import pytest

from edge_runtime.tls import trusted

AUTHORITY = """
    import asyncio, os, ssl, sys
    from edge_runtime.tls import import_without_authorities, trusted
    made = []
    plain = ssl.create_default_context
    def remembered(*args, **options):
        made.append(plain(*args, **options))
        return made[-1]
    ssl.create_default_context = remembered
    before = dict(os.environ)
    import_without_authorities("aiohttp")
    assert dict(os.environ) == before
    print(len(made[0].get_ca_certs()), made[0].verify_mode.name, made[0].check_hostname)
    print(len(asyncio.run(trusted()).get_ca_certs()) == len(plain().get_ca_certs()))
"""


@pytest.mark.parametrize("named", [{}, {"SSL_CERT_DIR": "/etc/ssl/certs"}])
def test_an_import_reads_none_and_still_verifies(named):
    """Without an authority aiohttp's own context trusts nobody, whatever is called."""
    done = subprocess.run(
        [sys.executable, "-c", dedent(AUTHORITY)],
        env={**os.environ, **named},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["0 CERT_REQUIRED True", "True"], done.stderr


async def test_a_client_verifies_names_and_certificates():
    context = await trusted()
    assert context.check_hostname
    assert context.verify_mode.name == "CERT_REQUIRED"
