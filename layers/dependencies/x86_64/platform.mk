PLATFORM := x86_64-manylinux_2_28
BFD := elf64-x86-64
