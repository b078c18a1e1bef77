/* The core's side of every generated translation unit: what wasm2c's function bodies call.
 *
 * Memories and tables live in an instance's slot, so every name here that wasm2c's own runtime would define
 * (wasm_rt_memory_t, CALL_INDIRECT, funcref_table_get, ...) is defined anew over the structs of abi.hpp. Two compilers read
 * this: GCC and TinyCC 0.9.27, which neither inlines nor knows builtins, attributes or _Static_assert.
 * Semantics: WebAssembly 2.0, section 4.3 (numerics) and 4.4 (instructions). INSTBENCH_CHECKED compares each
 * address with the memory's size; without it the guard pages behind the memory do. */

typedef unsigned char u8;
typedef signed char s8;
typedef unsigned short u16;
typedef short s16;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long long u64;
typedef long long s64;
typedef float f32;
typedef double f64;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void*)0)
#define INSTBENCH_OFFSET(type, member) ((u64) & (((type*)0)->member))

void* memcpy(void*, const void*, unsigned long);
void* memmove(void*, const void*, unsigned long);
void* memset(void*, int, unsigned long);
double floor(double), ceil(double), trunc(double), nearbyint(double), sqrt(double), fabs(double);
double copysign(double, double);
float floorf(float), ceilf(float), truncf(float), nearbyintf(float), sqrtf(float), fabsf(float);
float copysignf(float, float);

#ifdef __TINYC__
#define LIKELY(x) (x)
#define UNLIKELY(x) (x)
#define INFINITY (1.0f / 0.0f)
#define INSTBENCH_EXPORT
#define INSTBENCH_NORETURN
#define INSTBENCH_FRAME() (&instbench_frame)
#define INSTBENCH_FRAME_MARK char instbench_frame
#else
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define INFINITY __builtin_inff()
#define INSTBENCH_EXPORT __attribute__((visibility("default")))
#define INSTBENCH_NORETURN __attribute__((noreturn))
#define INSTBENCH_FRAME() ((char*)__builtin_frame_address(0))
#define INSTBENCH_FRAME_MARK
#endif

/* ---- the structs of abi.hpp ---- */

typedef void (*wasm_rt_function_ptr_t)(void);
typedef void* wasm_rt_externref_t;
typedef struct {
  const void* func_type;
  wasm_rt_function_ptr_t func;
  void* module_instance;
} wasm_rt_funcref_t;

typedef struct {
  u8* data;
  u64 pages;
  u64 max_pages;
  void* owner;
  u64 index;
} wasm_rt_memory_t;

typedef struct {
  wasm_rt_funcref_t* data;
  u64 size;
  u64 max;
  void* owner;
  u64 index;
} instbench_table;
typedef instbench_table wasm_rt_funcref_table_t;
typedef instbench_table wasm_rt_externref_table_t;

typedef union {
  u32 i32;
  u64 i64;
  f32 f32_;
  f64 f64_;
  wasm_rt_externref_t externref;
  wasm_rt_funcref_t funcref;
} instbench_value;

struct instbench_header {
  u64 magic;
  void* prepared;
  void* slot;
  char* stack_limit;
  u64 reserved[4];
};
struct instbench_binding {
  void* code;
  void* environment;
};
struct instbench_host_binding {
  const void* function;
  struct instbench_header* vmctx;
};

struct instbench_services {
  void (*trap)(u32) INSTBENCH_NORETURN;
  void (*materialise)(instbench_table*, u64);
  u32 (*grow_memory)(wasm_rt_memory_t*, u32);
  u32 (*grow_table)(instbench_table*, u32, const wasm_rt_funcref_t*);
  void (*init_table)(void*, instbench_table*, u32, u32, u32, u32);
  u32 (*call_host)(struct instbench_host_binding*, instbench_value*);
  const void* null_tag;
};
static const struct instbench_services* instbench_services;
static const u8* instbench_data;

struct instbench_descriptor {
  u64 abi_version;
  const char* module_sha256;
  const char* options;
  u64 functions_count;
  void* const* functions;
  u64 types_count;
  void* const* trampolines;
  void* const* host_thunks;
  const void** type_slots;
  const struct instbench_services** services;
  const u8** data;
};

/* ---- traps: the numbers of Trap in abi.hpp ---- */

enum {
  INSTBENCH_UNREACHABLE = 1,
  INSTBENCH_OOB = 2,
  INSTBENCH_TABLE_OOB = 3,
  INSTBENCH_UNDEFINED_ELEMENT = 4,
  INSTBENCH_UNINITIALIZED_ELEMENT = 5,
  INSTBENCH_CALL_INDIRECT = 6,
  INSTBENCH_DIV_BY_ZERO = 7,
  INSTBENCH_INT_OVERFLOW = 8,
  INSTBENCH_INVALID_CONVERSION = 9,
  INSTBENCH_EXHAUSTION = 10
};
#define TRAP(x) (instbench_services->trap(INSTBENCH_##x), 0)
#define UNREACHABLE TRAP(UNREACHABLE)

/* Each function compares where its frame begins with the limit of the stack that the core made for guests. */
#define FUNC_PROLOGUE    \
  INSTBENCH_FRAME_MARK;  \
  if (UNLIKELY(INSTBENCH_FRAME() < instance->header.stack_limit)) TRAP(EXHAUSTION)
#define FUNC_EPILOGUE

/* ---- memory ---- */

#define RANGE_CHECK(mem, from, length) \
  if (UNLIKELY((u64)(from) + (u64)(length) > (mem)->pages * 65536)) TRAP(OOB)

#ifdef INSTBENCH_CHECKED
#define INSTBENCH_ACCESS_CHECK(mem, addr, type) RANGE_CHECK(mem, addr, sizeof(type))
#else
#define INSTBENCH_ACCESS_CHECK(mem, addr, type)
#endif

#if defined(__TINYC__) && !defined(INSTBENCH_CHECKED)
/* TinyCC does not inline: an access is an expression of its own. */
#define INSTBENCH_LOAD(mem, addr, stored, via, result) ((result)(via)(*(stored*)((mem)->data + (addr))))
#define INSTBENCH_STORE(mem, addr, stored, value) (*(stored*)((mem)->data + (addr)) = (stored)(value))
#define i32_load(m, a) INSTBENCH_LOAD(m, a, u32, u32, u32)
#define i64_load(m, a) INSTBENCH_LOAD(m, a, u64, u64, u64)
#define f32_load(m, a) (*(f32*)((m)->data + (a)))
#define f64_load(m, a) (*(f64*)((m)->data + (a)))
#define i32_load8_s(m, a) INSTBENCH_LOAD(m, a, s8, s32, u32)
#define i64_load8_s(m, a) INSTBENCH_LOAD(m, a, s8, s64, u64)
#define i32_load8_u(m, a) INSTBENCH_LOAD(m, a, u8, u32, u32)
#define i64_load8_u(m, a) INSTBENCH_LOAD(m, a, u8, u64, u64)
#define i32_load16_s(m, a) INSTBENCH_LOAD(m, a, s16, s32, u32)
#define i64_load16_s(m, a) INSTBENCH_LOAD(m, a, s16, s64, u64)
#define i32_load16_u(m, a) INSTBENCH_LOAD(m, a, u16, u32, u32)
#define i64_load16_u(m, a) INSTBENCH_LOAD(m, a, u16, u64, u64)
#define i64_load32_s(m, a) INSTBENCH_LOAD(m, a, s32, s64, u64)
#define i64_load32_u(m, a) INSTBENCH_LOAD(m, a, u32, u64, u64)
#define i32_store(m, a, v) INSTBENCH_STORE(m, a, u32, v)
#define i64_store(m, a, v) INSTBENCH_STORE(m, a, u64, v)
#define f32_store(m, a, v) (*(f32*)((m)->data + (a)) = (v))
#define f64_store(m, a, v) (*(f64*)((m)->data + (a)) = (v))
#define i32_store8(m, a, v) INSTBENCH_STORE(m, a, u8, v)
#define i32_store16(m, a, v) INSTBENCH_STORE(m, a, u16, v)
#define i64_store8(m, a, v) INSTBENCH_STORE(m, a, u8, v)
#define i64_store16(m, a, v) INSTBENCH_STORE(m, a, u16, v)
#define i64_store32(m, a, v) INSTBENCH_STORE(m, a, u32, v)
#else
#ifdef __TINYC__
#define INSTBENCH_KEEP(value)
#define INSTBENCH_MEMORY_TYPE(stored) typedef struct { stored value; } instbench_##stored
#else
/* A load must trap even when nobody wants its value. */
#define INSTBENCH_KEEP(value) __asm__ volatile("" : : "r,x"(value))
#define INSTBENCH_MEMORY_TYPE(stored) \
  typedef struct __attribute__((packed, may_alias)) { stored value; } instbench_##stored
#endif
INSTBENCH_MEMORY_TYPE(u8);
INSTBENCH_MEMORY_TYPE(s8);
INSTBENCH_MEMORY_TYPE(u16);
INSTBENCH_MEMORY_TYPE(s16);
INSTBENCH_MEMORY_TYPE(u32);
INSTBENCH_MEMORY_TYPE(s32);
INSTBENCH_MEMORY_TYPE(u64);
INSTBENCH_MEMORY_TYPE(f32);
INSTBENCH_MEMORY_TYPE(f64);
#define INSTBENCH_DEFINE_LOAD(name, stored, via, result)                \
  static inline result name(const wasm_rt_memory_t* mem, u64 addr) {    \
    INSTBENCH_ACCESS_CHECK(mem, addr, stored);                          \
    stored value = ((const instbench_##stored*)(mem->data + addr))->value; \
    INSTBENCH_KEEP(value);                                              \
    return (result)(via)value;                                          \
  }
#define INSTBENCH_DEFINE_STORE(name, stored, given)                           \
  static inline void name(const wasm_rt_memory_t* mem, u64 addr, given value) { \
    INSTBENCH_ACCESS_CHECK(mem, addr, stored);                                \
    ((instbench_##stored*)(mem->data + addr))->value = (stored)value;         \
  }
INSTBENCH_DEFINE_LOAD(i32_load, u32, u32, u32)
INSTBENCH_DEFINE_LOAD(i64_load, u64, u64, u64)
INSTBENCH_DEFINE_LOAD(f32_load, f32, f32, f32)
INSTBENCH_DEFINE_LOAD(f64_load, f64, f64, f64)
INSTBENCH_DEFINE_LOAD(i32_load8_s, s8, s32, u32)
INSTBENCH_DEFINE_LOAD(i64_load8_s, s8, s64, u64)
INSTBENCH_DEFINE_LOAD(i32_load8_u, u8, u32, u32)
INSTBENCH_DEFINE_LOAD(i64_load8_u, u8, u64, u64)
INSTBENCH_DEFINE_LOAD(i32_load16_s, s16, s32, u32)
INSTBENCH_DEFINE_LOAD(i64_load16_s, s16, s64, u64)
INSTBENCH_DEFINE_LOAD(i32_load16_u, u16, u32, u32)
INSTBENCH_DEFINE_LOAD(i64_load16_u, u16, u64, u64)
INSTBENCH_DEFINE_LOAD(i64_load32_s, s32, s64, u64)
INSTBENCH_DEFINE_LOAD(i64_load32_u, u32, u64, u64)
INSTBENCH_DEFINE_STORE(i32_store, u32, u32)
INSTBENCH_DEFINE_STORE(i64_store, u64, u64)
INSTBENCH_DEFINE_STORE(f32_store, f32, f32)
INSTBENCH_DEFINE_STORE(f64_store, f64, f64)
INSTBENCH_DEFINE_STORE(i32_store8, u8, u32)
INSTBENCH_DEFINE_STORE(i32_store16, u16, u32)
INSTBENCH_DEFINE_STORE(i64_store8, u8, u64)
INSTBENCH_DEFINE_STORE(i64_store16, u16, u64)
INSTBENCH_DEFINE_STORE(i64_store32, u32, u64)
#endif

static inline void memory_fill(wasm_rt_memory_t* mem, u32 to, u32 value, u32 length) {
  RANGE_CHECK(mem, to, length);
  memset(mem->data + to, (int)value, length);
}

static inline void memory_copy(wasm_rt_memory_t* dest, const wasm_rt_memory_t* src, u32 to, u32 from, u32 length) {
  RANGE_CHECK(dest, to, length);
  RANGE_CHECK(src, from, length);
  memmove(dest->data + to, src->data + from, length);
}

static inline void memory_init(wasm_rt_memory_t* dest, const u8* data, u32 size, u32 to, u32 from, u32 length) {
  if (UNLIKELY((u64)from + length > size)) TRAP(OOB);
  RANGE_CHECK(dest, to, length);
  if (length != 0) memcpy(dest->data + to, data + from, length);
}

#define wasm_rt_grow_memory(mem, pages) (instbench_services->grow_memory((mem), (pages)))

/* ---- tables: an entry whose type is 0 was never looked at; whoever can see it has it made first ---- */

#define wasm_rt_externref_null_value NULL
#define wasm_rt_funcref_null_value instbench_null()
static inline wasm_rt_funcref_t instbench_null(void) {
  wasm_rt_funcref_t null;
  null.func_type = instbench_services->null_tag;
  null.func = 0;
  null.module_instance = 0;
  return null;
}

static inline void instbench_see(instbench_table* table, u64 entry) {
  if (UNLIKELY(table->data[entry].func_type == 0)) instbench_services->materialise(table, entry);
}

/* Only taken when the quick comparison failed: not there, not yet made, null, or of another type. */
static bool instbench_resolve(instbench_table* table, u32 entry, const void* type) {
  if (entry >= table->size) TRAP(UNDEFINED_ELEMENT);
  instbench_see(table, entry);
  if (table->data[entry].func == 0) TRAP(UNINITIALIZED_ELEMENT);
  if (table->data[entry].func_type != type) TRAP(CALL_INDIRECT);
  return true;
}

/* wasm2c passes table.data[x].module_instance as the first of the arguments: it is read after the check. */
#define CALL_INDIRECT(table, t, ft, x, ...)                                                      \
  ((LIKELY((x) < (table).size && (table).data[x].func_type == func_types[ft]) ||                 \
    instbench_resolve(&(table), (x), func_types[ft])),                                           \
   ((t)(table).data[x].func)(__VA_ARGS__))

static inline wasm_rt_funcref_t funcref_table_get(instbench_table* table, u32 entry) {
  if (UNLIKELY(entry >= table->size)) TRAP(TABLE_OOB);
  instbench_see(table, entry);
  return table->data[entry];
}

static inline void funcref_table_set(instbench_table* table, u32 entry, wasm_rt_funcref_t value) {
  if (UNLIKELY(entry >= table->size)) TRAP(TABLE_OOB);
  table->data[entry] = value;
}

static inline void funcref_table_fill(instbench_table* table, u32 to, wasm_rt_funcref_t value, u32 length) {
  if (UNLIKELY((u64)to + length > table->size)) TRAP(TABLE_OOB);
  for (u64 i = 0; i < length; i++) table->data[to + i] = value;
}

static inline void funcref_table_copy(instbench_table* dest, instbench_table* src, u32 to, u32 from, u32 length) {
  if (UNLIKELY((u64)to + length > dest->size || (u64)from + length > src->size)) TRAP(TABLE_OOB);
  for (u64 i = 0; i < length; i++) instbench_see(src, from + i);
  memmove(dest->data + to, src->data + from, (u64)length * sizeof(wasm_rt_funcref_t));
}
#define externref_table_copy funcref_table_copy

static inline wasm_rt_funcref_t instbench_boxed(wasm_rt_externref_t value) {
  wasm_rt_funcref_t box = instbench_null();
  box.func = (wasm_rt_function_ptr_t)value;
  return box;
}

static inline wasm_rt_externref_t externref_table_get(instbench_table* table, u32 entry) {
  return (wasm_rt_externref_t)funcref_table_get(table, entry).func;
}
#define externref_table_set(table, entry, value) funcref_table_set((table), (entry), instbench_boxed(value))
#define externref_table_fill(table, to, value, length) funcref_table_fill((table), (to), instbench_boxed(value), (length))

/* `segment` is the number that stands for wasm2c's array of entries; a dropped segment has size 0. */
static inline void instbench_table_init(instbench_table* dest, u32 segment, u32 size, u32 to, u32 from, u32 length,
                                        void* instance) {
  if (UNLIKELY((u64)from + length > size || (u64)to + length > dest->size)) TRAP(TABLE_OOB);
  if (length != 0) instbench_services->init_table(instance, dest, segment, to, from, length);
}
#define funcref_table_init(dest, segment, size, to, from, length, instance, types) \
  instbench_table_init((dest), (u32)(u64)(segment), (size), (to), (from), (length), (instance))
/* Only null entries can lie in a segment of external references. */
static inline void externref_table_init(instbench_table* dest, u32 size, u32 to, u32 from, u32 length) {
  if (UNLIKELY((u64)from + length > size || (u64)to + length > dest->size)) TRAP(TABLE_OOB);
  externref_table_fill(dest, to, NULL, length);
}

static inline u32 wasm_rt_grow_funcref_table(instbench_table* table, u32 entries, wasm_rt_funcref_t fill) {
  return instbench_services->grow_table(table, entries, &fill);
}
#define wasm_rt_grow_externref_table(table, entries, fill) \
  wasm_rt_grow_funcref_table((table), (entries), instbench_boxed(fill))

/* ---- integers ---- */

#ifdef __TINYC__
static u32 I32_POPCNT(u32 x) {
  x = x - ((x >> 1) & 0x55555555u);
  x = (x & 0x33333333u) + ((x >> 2) & 0x33333333u);
  return (((x + (x >> 4)) & 0x0f0f0f0fu) * 0x01010101u) >> 24;
}
static u32 I32_CLZ(u32 x) {
  x |= x >> 1, x |= x >> 2, x |= x >> 4, x |= x >> 8, x |= x >> 16;
  return 32 - I32_POPCNT(x);
}
static u32 I32_CTZ(u32 x) { return I32_POPCNT(~x & (x - 1)); }
static u64 I64_POPCNT(u64 x) { return I32_POPCNT((u32)x) + I32_POPCNT((u32)(x >> 32)); }
static u64 I64_CLZ(u64 x) { return (x >> 32) != 0 ? I32_CLZ((u32)(x >> 32)) : 32 + I32_CLZ((u32)x); }
static u64 I64_CTZ(u64 x) { return (u32)x != 0 ? I32_CTZ((u32)x) : 32 + I32_CTZ((u32)(x >> 32)); }
#else
#define I32_CLZ(x) ((x) != 0 ? (u32)__builtin_clz(x) : 32u)
#define I64_CLZ(x) ((x) != 0 ? (u64)__builtin_clzll(x) : 64u)
#define I32_CTZ(x) ((x) != 0 ? (u32)__builtin_ctz(x) : 32u)
#define I64_CTZ(x) ((x) != 0 ? (u64)__builtin_ctzll(x) : 64u)
#define I32_POPCNT(x) ((u32)__builtin_popcount(x))
#define I64_POPCNT(x) ((u64)__builtin_popcountll(x))
#endif

#define INSTBENCH_LOWEST32 (-2147483647 - 1)
#define INSTBENCH_LOWEST64 (-9223372036854775807ll - 1)
#define INSTBENCH_DIV_S(u, s, lowest, x, y)                         \
  (UNLIKELY((y) == 0) ? (u)TRAP(DIV_BY_ZERO)                        \
   : UNLIKELY((s)(x) == (lowest) && (s)(y) == -1) ? (u)TRAP(INT_OVERFLOW) \
                                                  : (u)((s)(x) / (s)(y)))
#define INSTBENCH_REM_S(u, s, x, y) \
  (UNLIKELY((y) == 0) ? (u)TRAP(DIV_BY_ZERO) : UNLIKELY((s)(y) == -1) ? (u)0 : (u)((s)(x) % (s)(y)))
#define I32_DIV_S(x, y) INSTBENCH_DIV_S(u32, s32, INSTBENCH_LOWEST32, x, y)
#define I64_DIV_S(x, y) INSTBENCH_DIV_S(u64, s64, INSTBENCH_LOWEST64, x, y)
#define I32_REM_S(x, y) INSTBENCH_REM_S(u32, s32, x, y)
#define I64_REM_S(x, y) INSTBENCH_REM_S(u64, s64, x, y)
#define DIV_U(x, y) (UNLIKELY((y) == 0) ? TRAP(DIV_BY_ZERO) : (x) / (y))
#define REM_U(x, y) (UNLIKELY((y) == 0) ? TRAP(DIV_BY_ZERO) : (x) % (y))
#define I32_ROTL(x, n) (((x) << ((n)&31)) | ((x) >> ((32 - ((n)&31)) & 31)))
#define I32_ROTR(x, n) (((x) >> ((n)&31)) | ((x) << ((32 - ((n)&31)) & 31)))
#define I64_ROTL(x, n) (((x) << ((n)&63)) | ((x) >> ((64 - ((n)&63)) & 63)))
#define I64_ROTR(x, n) (((x) >> ((n)&63)) | ((x) << ((64 - ((n)&63)) & 63)))

/* ---- floats ---- */

static inline f32 f32_reinterpret_i32(u32 x) {
  f32 y;
  memcpy(&y, &x, 4);
  return y;
}
static inline u32 i32_reinterpret_f32(f32 x) {
  u32 y;
  memcpy(&y, &x, 4);
  return y;
}
static inline f64 f64_reinterpret_i64(u64 x) {
  f64 y;
  memcpy(&y, &x, 8);
  return y;
}
static inline u64 i64_reinterpret_f64(f64 x) {
  u64 y;
  memcpy(&y, &x, 8);
  return y;
}

/* TinyCC's minus does not turn the sign of a NaN: the sign is a bit. */
static inline f32 instbench_neg_f32(f32 x) { return f32_reinterpret_i32(i32_reinterpret_f32(x) ^ 0x80000000u); }
static inline f64 instbench_neg_f64(f64 x) { return f64_reinterpret_i64(i64_reinterpret_f64(x) ^ 0x8000000000000000ull); }
static inline f32 wasm_fabsf(f32 x) { return f32_reinterpret_i32(i32_reinterpret_f32(x) & 0x7fffffffu); }
static inline f64 wasm_fabs(f64 x) { return f64_reinterpret_i64(i64_reinterpret_f64(x) & 0x7fffffffffffffffull); }

/* x + y makes a quiet NaN of whichever is one; where both are zeros, or equal, the bits decide. */
static inline f32 instbench_min_f32(f32 x, f32 y) {
  if (x != x || y != y) return x + y;
  if (x == y) return f32_reinterpret_i32(i32_reinterpret_f32(x) | i32_reinterpret_f32(y));
  return x < y ? x : y;
}
static inline f64 instbench_min_f64(f64 x, f64 y) {
  if (x != x || y != y) return x + y;
  if (x == y) return f64_reinterpret_i64(i64_reinterpret_f64(x) | i64_reinterpret_f64(y));
  return x < y ? x : y;
}
static inline f32 instbench_max_f32(f32 x, f32 y) {
  if (x != x || y != y) return x + y;
  if (x == y) return f32_reinterpret_i32(i32_reinterpret_f32(x) & i32_reinterpret_f32(y));
  return x > y ? x : y;
}
static inline f64 instbench_max_f64(f64 x, f64 y) {
  if (x != x || y != y) return x + y;
  if (x == y) return f64_reinterpret_i64(i64_reinterpret_f64(x) & i64_reinterpret_f64(y));
  return x > y ? x : y;
}
#define FMIN(x, y) (sizeof(x) == 4 ? instbench_min_f32((f32)(x), (f32)(y)) : instbench_min_f64((x), (y)))
#define FMAX(x, y) (sizeof(x) == 4 ? instbench_max_f32((f32)(x), (f32)(y)) : instbench_max_f64((x), (y)))

/* The hardware's conversions and square roots return quiet NaNs themselves; GCC's inlined roundings do not. */
#define wasm_quiet(x) (x)
#define wasm_quietf(x) (x)
static inline f64 wasm_floor(f64 x) { return x != x ? x + x : floor(x); }
static inline f64 wasm_ceil(f64 x) { return x != x ? x + x : ceil(x); }
static inline f64 wasm_trunc(f64 x) { return x != x ? x + x : trunc(x); }
static inline f64 wasm_nearbyint(f64 x) { return x != x ? x + x : nearbyint(x); }
static inline f32 wasm_floorf(f32 x) { return x != x ? x + x : floorf(x); }
static inline f32 wasm_ceilf(f32 x) { return x != x ? x + x : ceilf(x); }
static inline f32 wasm_truncf(f32 x) { return x != x ? x + x : truncf(x); }
static inline f32 wasm_nearbyintf(f32 x) { return x != x ? x + x : nearbyintf(x); }
#define wasm_sqrt sqrt
#define wasm_sqrtf sqrtf

/* The bounds are those beyond which the truncated value does not fit, as the float type can say them. */
#define INSTBENCH_TRUNC(u, s, x, fits) \
  (UNLIKELY((x) != (x)) ? (u)TRAP(INVALID_CONVERSION) : UNLIKELY(!(fits)) ? (u)TRAP(INT_OVERFLOW) : (u)(s)(x))
#define I32_TRUNC_S_F32(x) INSTBENCH_TRUNC(u32, s32, x, (x) >= -2147483648.f && (x) < 2147483648.f)
#define I32_TRUNC_S_F64(x) INSTBENCH_TRUNC(u32, s32, x, (x) > -2147483649. && (x) < 2147483648.)
#define I32_TRUNC_U_F32(x) INSTBENCH_TRUNC(u32, u32, x, (x) > -1.f && (x) < 4294967296.f)
#define I32_TRUNC_U_F64(x) INSTBENCH_TRUNC(u32, u32, x, (x) > -1. && (x) < 4294967296.)
#define I64_TRUNC_S_F32(x) INSTBENCH_TRUNC(u64, s64, x, (x) >= -9223372036854775808.f && (x) < 9223372036854775808.f)
#define I64_TRUNC_S_F64(x) INSTBENCH_TRUNC(u64, s64, x, (x) >= -9223372036854775808. && (x) < 9223372036854775808.)
#define I64_TRUNC_U_F32(x) INSTBENCH_TRUNC(u64, u64, x, (x) > -1.f && (x) < 18446744073709551616.f)
#define I64_TRUNC_U_F64(x) INSTBENCH_TRUNC(u64, u64, x, (x) > -1. && (x) < 18446744073709551616.)

#define INSTBENCH_SAT(u, s, x, above_lowest, below_end, lowest, highest) \
  ((x) != (x) ? (u)0 : !(above_lowest) ? (u)(lowest) : !(below_end) ? (u)(highest) : (u)(s)(x))
#define I32_TRUNC_SAT_S_F32(x) \
  INSTBENCH_SAT(u32, s32, x, (x) >= -2147483648.f, (x) < 2147483648.f, INSTBENCH_LOWEST32, 2147483647)
#define I32_TRUNC_SAT_S_F64(x) \
  INSTBENCH_SAT(u32, s32, x, (x) > -2147483649., (x) < 2147483648., INSTBENCH_LOWEST32, 2147483647)
#define I32_TRUNC_SAT_U_F32(x) INSTBENCH_SAT(u32, u32, x, (x) > -1.f, (x) < 4294967296.f, 0, 4294967295u)
#define I32_TRUNC_SAT_U_F64(x) INSTBENCH_SAT(u32, u32, x, (x) > -1., (x) < 4294967296., 0, 4294967295u)
#define I64_TRUNC_SAT_S_F32(x)                                                                  \
  INSTBENCH_SAT(u64, s64, x, (x) >= -9223372036854775808.f, (x) < 9223372036854775808.f, INSTBENCH_LOWEST64, \
                9223372036854775807ll)
#define I64_TRUNC_SAT_S_F64(x)                                                                \
  INSTBENCH_SAT(u64, s64, x, (x) >= -9223372036854775808., (x) < 9223372036854775808., INSTBENCH_LOWEST64, \
                9223372036854775807ll)
#define I64_TRUNC_SAT_U_F32(x) \
  INSTBENCH_SAT(u64, u64, x, (x) > -1.f, (x) < 18446744073709551616.f, 0, 18446744073709551615ull)
#define I64_TRUNC_SAT_U_F64(x) \
  INSTBENCH_SAT(u64, u64, x, (x) > -1., (x) < 18446744073709551616., 0, 18446744073709551615ull)

/* ---- what follows is generated per module ---- */
