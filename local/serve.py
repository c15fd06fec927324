"""Run LocalEmu in this process. All settings come from the environment (`local.server`)."""


def main() -> None:
    """Serve until SIGTERM."""
    from localemu.runtime.main import main as run  # reads the environment when imported

    run()


if __name__ == "__main__":
    main()
