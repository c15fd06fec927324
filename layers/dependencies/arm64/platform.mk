PLATFORM := aarch64-manylinux_2_28
BFD := elf64-littleaarch64
