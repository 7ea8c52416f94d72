"""All that can be done to the register, each an operation that `party.register.change` carries out."""
