#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/inside/inside.h"

namespace warifu::sandbox::inside {
namespace {

constexpr int kBacklog = 512;

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

Address address_of(const Request& request) {
  Address out;
  if (request.v6 != 0) {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<uint16_t>(request.port));
    memcpy(&v6->sin6_addr, request.address, 16);
    out.length = sizeof(sockaddr_in6);
  } else {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<uint16_t>(request.port));
    memcpy(&v4->sin_addr, request.address, 4);
    out.length = sizeof(sockaddr_in);
  }
  return out;
}

/// Gives the loopback another IPv4 address, under an alias that is the address' own.
void add_address(const Request& request) {
  if (request.v6 != 0 || request.address[0] == 127) return;
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  // `lo:` and up to twelve characters; the last three bytes tell two addresses of one sandbox apart well enough.
  static constexpr char kHex[] = "0123456789abcdef";
  ifreq alias{};
  memcpy(alias.ifr_name, "lo:", 3);
  for (int i = 0; i < 4; ++i) {
    alias.ifr_name[3 + 2 * i] = kHex[request.address[i] >> 4];
    alias.ifr_name[4 + 2 * i] = kHex[request.address[i] & 15];
  }
  Request any = request;
  any.port = 0;
  const Address address = address_of(any);
  memcpy(&alias.ifr_addr, &address.storage, sizeof(alias.ifr_addr));
  if (ioctl(fd, SIOCSIFADDR, &alias) == 0) {
    auto* mask = reinterpret_cast<sockaddr_in*>(&alias.ifr_netmask);
    mask->sin_family = AF_INET;
    mask->sin_addr.s_addr = 0xffffffff;
    ioctl(fd, SIOCSIFNETMASK, &alias);
  }
  close(fd);
}

}  // namespace

int listening_socket(const Request& request) {
  const Address address = address_of(request);
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  add_address(request);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length) == 0 && listen(fd, kBacklog) == 0) {
    return fd;
  }
  const int error = errno;
  close(fd);
  return -error;
}

int connecting_socket(const Request& request) {
  const Address address = address_of(request);
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length) == 0 || errno == EINPROGRESS) {
    return fd;
  }
  const int error = errno;
  close(fd);
  return -error;
}

}  // namespace warifu::sandbox::inside
