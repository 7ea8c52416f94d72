"""The register: branches, members, mandates, rights. Knows no Matrix."""
