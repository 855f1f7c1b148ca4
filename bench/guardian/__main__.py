import sys

from bench.guardian.process import main

sys.exit(main())
