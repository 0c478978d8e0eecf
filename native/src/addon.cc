// The door to Node (Node-API 8); `NativeAddon` in src/platform/platform.ts says what it exports.
#include <node_api.h>

#include <atomic>
#include <new>

#include "cpu.h"
#include "exports.h"
#include "memory.h"

namespace sealroom {
namespace {

/** As many pages as the WebAssembly kernel begins with. */
constexpr uint64_t FIRST_PAGES = 64;

/** A machine and its memory; it lives as long as any object of JavaScript that refers to it. */
struct Instance {
  Memory memory;
  Machine machine;
  std::atomic<int> references{0};
  /** The ArrayBuffer of the memory, weakly. */
  napi_ref buffer = nullptr;

  bool grow(uint64_t pages) {
    if (!memory.grow(pages)) return false;
    machine.base = memory.base();
    machine.bytes = memory.bytes();
    return true;
  }
};

void release(napi_env, void* instance, void*) {
  auto* released = static_cast<Instance*>(instance);
  if (released->references.fetch_sub(1) == 1) delete released;
}

/** Thrown after a call of Node-API failed; the exception of JavaScript is pending, or is made of the call's error. */
struct Failure {};

void require(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  bool isPending = false;
  napi_is_exception_pending(env, &isPending);
  if (!isPending) {
    const napi_extended_error_info* info = nullptr;
    napi_get_last_error_info(env, &info);
    const char* message = info != nullptr && info->error_message != nullptr ? info->error_message : "Node-API failed";
    napi_throw_error(env, nullptr, message);
  }
  throw Failure{};
}

/** Makes `object` keep the instance alive. */
void hold(napi_env env, napi_value object, Instance* instance) {
  require(env, napi_add_finalizer(env, object, instance, release, nullptr, nullptr));
  instance->references++;
}

/** Runs `act`, and turns what it throws into an exception of JavaScript. */
template <typename Act>
napi_value guard(napi_env env, Act act) {
  try {
    return act();
  } catch (const Trap&) {
    napi_throw_range_error(env, nullptr, "unreachable");
  } catch (const std::bad_alloc&) {
    napi_throw_range_error(env, nullptr, "out of memory");
  } catch (const Failure&) {
    // The exception is pending.
  }
  return nullptr;
}

/** A function with what belongs to it. */
struct Bound {
  Instance* instance;
  const Function* function;
};

napi_value callFunction(napi_env env, napi_callback_info info) {
  return guard(env, [&] {
    napi_value arguments[MOST_ARGUMENTS];
    size_t count = MOST_ARGUMENTS;
    void* data = nullptr;
    require(env, napi_get_cb_info(env, info, &count, arguments, nullptr, &data));
    const auto& [instance, function] = *static_cast<const Bound*>(data);
    // As for functions of WebAssembly: what is missing or no number is 0, what is too large is taken modulo 2^32.
    int32_t numbers[MOST_ARGUMENTS] = {};
    for (int i = 0; i < function->arguments && i < static_cast<int>(count); i++) {
      napi_valuetype type;
      require(env, napi_typeof(env, arguments[i], &type));
      if (type == napi_number) require(env, napi_get_value_int32(env, arguments[i], &numbers[i]));
    }
    napi_value result;
    require(env, napi_create_int32(env, function->call(instance->machine, numbers), &result));
    return result;
  });
}

void releaseBound(napi_env env, void* bound, void*) {
  release(env, static_cast<Bound*>(bound)->instance, nullptr);
  delete static_cast<Bound*>(bound);
}

napi_value createFunction(napi_env env, Instance* instance, const Function& function) {
  napi_value result;
  auto* bound = new Bound{instance, &function};
  instance->references++;
  napi_status status = napi_create_function(env, function.name, NAPI_AUTO_LENGTH, callFunction, bound, &result);
  if (status == napi_ok) status = napi_add_finalizer(env, result, bound, releaseBound, nullptr, nullptr);
  if (status != napi_ok) releaseBound(env, bound, nullptr);
  require(env, status);
  return result;
}

/** The ArrayBuffer of the memory: the same one until the memory grows. */
napi_value bufferOf(napi_env env, Instance* instance) {
  napi_value buffer = nullptr;
  if (instance->buffer != nullptr) {
    require(env, napi_get_reference_value(env, instance->buffer, &buffer));
    if (buffer != nullptr) return buffer;
    require(env, napi_delete_reference(env, instance->buffer));
    instance->buffer = nullptr;
  }
  const Memory& memory = instance->memory;
  instance->references++;
  const napi_status status =
      napi_create_external_arraybuffer(env, memory.base(), memory.bytes(), release, instance, &buffer);
  if (status != napi_ok) release(env, instance, nullptr);
  require(env, status);
  require(env, napi_create_reference(env, buffer, 0, &instance->buffer));
  return buffer;
}

Instance* instanceOf(napi_env env, napi_callback_info info, size_t* count, napi_value* arguments) {
  void* instance = nullptr;
  require(env, napi_get_cb_info(env, info, count, arguments, nullptr, &instance));
  return static_cast<Instance*>(instance);
}

napi_value getBuffer(napi_env env, napi_callback_info info) {
  return guard(env, [&] { return bufferOf(env, instanceOf(env, info, nullptr, nullptr)); });
}

/** `grow(pages)`: the number of pages before. The ArrayBuffer of before is detached. */
napi_value growMemory(napi_env env, napi_callback_info info) {
  return guard(env, [&] {
    napi_value argument;
    size_t count = 1;
    Instance* instance = instanceOf(env, info, &count, &argument);
    uint32_t pages = 0;
    require(env, count == 1 ? napi_get_value_uint32(env, argument, &pages) : napi_invalid_arg);
    const uint64_t before = instance->memory.bytes() / Memory::PAGE_BYTES;
    if (!instance->grow(pages)) throw std::bad_alloc{};
    if (instance->buffer != nullptr) {
      napi_value old = nullptr;
      require(env, napi_get_reference_value(env, instance->buffer, &old));
      if (old != nullptr) require(env, napi_detach_arraybuffer(env, old));
      require(env, napi_delete_reference(env, instance->buffer));
      instance->buffer = nullptr;
    }
    napi_value result;
    require(env, napi_create_uint32(env, static_cast<uint32_t>(before), &result));
    return result;
  });
}

/** An object like a `WebAssembly.Memory`. */
napi_value createMemory(napi_env env, Instance* instance) {
  napi_value memory;
  require(env, napi_create_object(env, &memory));
  const napi_property_descriptor properties[] = {
      {"buffer", nullptr, nullptr, getBuffer, nullptr, nullptr, napi_enumerable, instance},
      {"grow", nullptr, growMemory, nullptr, nullptr, nullptr, napi_enumerable, instance},
  };
  require(env, napi_define_properties(env, memory, 2, properties));
  hold(env, memory, instance);
  return memory;
}

napi_value createConstant(napi_env env, const Constant& constant) {
  napi_value object;
  napi_value value;
  require(env, napi_create_object(env, &object));
  require(env, napi_create_int32(env, constant.value, &value));
  require(env, napi_set_named_property(env, object, "value", value));
  return object;
}

/** `createMachine()`: what an instance of the WebAssembly module exports. */
napi_value createMachine(napi_env env, napi_callback_info) {
  return guard(env, [&] {
    auto* instance = new Instance;
    instance->references++;
    napi_value exports = nullptr;
    try {
      if (!instance->memory.reserve() || !instance->grow(FIRST_PAGES)) throw std::bad_alloc{};
      require(env, napi_create_object(env, &exports));
      require(env, napi_set_named_property(env, exports, "memory", createMemory(env, instance)));
      for (const Constant& constant : CONSTANTS) {
        require(env, napi_set_named_property(env, exports, constant.name, createConstant(env, constant)));
      }
      for (const Function& function : FUNCTIONS) {
        require(env, napi_set_named_property(env, exports, function.name, createFunction(env, instance, function)));
      }
    } catch (...) {
      release(env, instance, nullptr);
      throw;
    }
    release(env, instance, nullptr);
    return exports;
  });
}

/** `sources`: the digest of the sources that this was compiled from, which scripts/build-native.mjs gives. */
napi_value sourcesOf(napi_env env) {
  napi_value text;
  require(env, napi_create_string_utf8(env, SOURCES_DIGEST, NAPI_AUTO_LENGTH, &text));
  return text;
}

/** `missingInstructions()`: a text, empty if the processor can run the kernel. */
napi_value missing(napi_env env, napi_callback_info) {
  return guard(env, [&] {
    napi_value text;
    const std::string names = missingInstructions();
    require(env, napi_create_string_utf8(env, names.data(), names.size(), &text));
    return text;
  });
}

/** Whether a thread of this process has found that the addon gives the same as WebAssembly. */
std::atomic<bool> isConfirmed{false};

napi_value getConfirmed(napi_env env, napi_callback_info) {
  return guard(env, [&] {
    napi_value result;
    require(env, napi_get_boolean(env, isConfirmed, &result));
    return result;
  });
}

napi_value confirm(napi_env, napi_callback_info) {
  isConfirmed = true;
  return nullptr;
}

}  // namespace
}  // namespace sealroom

extern "C" NAPI_MODULE_EXPORT int32_t node_api_module_get_api_version_v1() { return 8; }

extern "C" NAPI_MODULE_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  using namespace sealroom;
  return guard(env, [&] {
    const napi_property_descriptor properties[] = {
        {"missingInstructions", nullptr, missing, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
        {"isConfirmed", nullptr, getConfirmed, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
        {"confirm", nullptr, confirm, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
        {"createMachine", nullptr, createMachine, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
    };
    require(env, napi_define_properties(env, exports, 4, properties));
    require(env, napi_set_named_property(env, exports, "sources", sourcesOf(env)));
    return exports;
  });
}
