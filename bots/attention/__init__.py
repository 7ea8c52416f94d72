"""What officers must see once: who declined, left or stays silent, and which branches nobody looks after."""
