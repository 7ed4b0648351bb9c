#pragma once

#include <boost/asio/awaitable.hpp>

namespace warifu {

/// An asynchronous result: a lazily started coroutine, run on the event loop of whoever awaits it.
/// Parameters of a coroutine are taken by value, or by reference only to what outlives the call.
template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace warifu
