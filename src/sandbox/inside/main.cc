#include <string.h>

#include "sandbox/inside/inside.h"

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "outside") == 0) return warifu::sandbox::inside::become_bwrap(argc - 2, argv + 2);
  return warifu::sandbox::inside::serve();
}
