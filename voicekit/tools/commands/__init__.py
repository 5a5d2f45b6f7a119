"""The subcommands of `python3 -m voicekit`, one file each: `main(argv)` returns the exit code."""
