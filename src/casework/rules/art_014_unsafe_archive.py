"""An archive holds an unsafe, doubled, linked, encrypted, oversized or unlisted member.

## What it does
Found by verification, before any rule is applied. An archive holds an unsafe, doubled, linked, encrypted, oversized
or unlisted member, or lacks a listed one.

## Why it matters
Unpacking it could write outside its folder, exhaust the machine, or show other content than was sealed.

## Bad
A release bundle has a member `../../home/user/.bashrc`, or 200 MiB of zeros in 200 KiB.

## Good
Every member is listed in the bundle's manifest, has a safe path, and has the size and digest that are listed.

## References
CWE-22, CWE-59 and CWE-409 (MITRE Common Weakness Enumeration); DSSE specification v1.0.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("ART-014", "unsafe-archive", "error", "Get the release bundle anew from its maker.", "elsewhere")
