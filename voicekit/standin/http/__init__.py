"""What every route needs: admission, bodies, refusals, faults, and the journal."""
