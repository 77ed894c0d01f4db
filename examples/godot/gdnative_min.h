/* The few entries of Godot 3's GDNative interface that dt_godot.c uses, so that it builds where the
 * godot-headers package is missing. Godot hands over a struct of five header fields and then function
 * pointers in a fixed order, the "core 1.0" part of gdnative_api.json, which all 3.x versions share; the
 * numbers below are positions in that order. A project that has godot-headers includes its
 * gdnative_api_struct.gen.h instead.
 */
#ifndef DT_GDNATIVE_MIN_H
#define DT_GDNATIVE_MIN_H

#include <stdint.h>

typedef void godot_object;
/* Values that only Godot's functions look into; sizes for 64-bit machines. */
typedef struct {
  uint8_t opaque[24];
} godot_variant;
typedef struct {
  uint8_t opaque[8];
} godot_string;
typedef struct {
  uint8_t opaque[8];
} godot_char_string;
typedef struct {
  uint8_t opaque[8];
} godot_pool_real_array;
typedef void godot_access; /* read or write lock of a pool array */

typedef struct {
  unsigned int major, minor;
} godot_version;
typedef struct godot_extension {
  unsigned int type; /* GODOT_EXTENSION_NATIVESCRIPT, .. */
  godot_version version;
  const struct godot_extension* next;
} godot_extension;
#define GODOT_EXTENSION_NATIVESCRIPT 1

typedef void (*godot_function)(void);
typedef struct {
  unsigned int type; /* 0: core */
  godot_version version;
  const godot_extension* next;
  unsigned int n_extensions;
  const godot_extension** extensions;
  godot_function functions[]; /* by the numbers below */
} godot_core;

/* What a library's gdnative_init gets; only the first fields are named. */
typedef struct {
  uint8_t in_editor;
  uint64_t core_api_hash, editor_api_hash, no_api_hash;
  void (*report_version_mismatch)(const godot_object*, const char*, godot_version, godot_version);
  void (*report_loading_error)(const godot_object* library, const char* what);
  godot_object* library;
  const godot_core* core;
} godot_init_options;

typedef struct {
  void* (*create)(godot_object* instance, void* method_data);
  void* method_data;
  void (*free_data)(void*);
} godot_create_function;
typedef struct {
  void (*destroy)(godot_object* instance, void* method_data, void* user_data);
  void* method_data;
  void (*free_data)(void*);
} godot_destroy_function;
typedef struct {
  godot_variant (*method)(godot_object* instance, void* method_data, void* user_data, int n_args,
                          godot_variant** args);
  void* method_data;
  void (*free_data)(void*);
} godot_method;
typedef struct {
  int rpc_mode;
} godot_method_attributes;

typedef struct {
  godot_extension header;
  void (*register_class)(void* library, const char* name, const char* base, godot_create_function,
                         godot_destroy_function);
  void (*register_tool_class)(void* library, const char* name, const char* base, godot_create_function,
                              godot_destroy_function);
  void (*register_method)(void* library, const char* class_name, const char* name, godot_method_attributes,
                          godot_method);
} godot_nativescript;

/* GODOT(core, variant_as_int)(&v) calls function number GODOT_variant_as_int with its type. */
#define GODOT(core, name) ((godot_##name##_fn)(core)->functions[GODOT_##name])

enum {
  GODOT_pool_real_array_new = 187,
  GODOT_pool_real_array_resize = 196,
  GODOT_pool_real_array_read = 197,
  GODOT_pool_real_array_write = 198,
  GODOT_pool_real_array_size = 201,
  GODOT_pool_real_array_destroy = 202,
  GODOT_pool_real_array_read_access_ptr = 276,
  GODOT_pool_real_array_read_access_destroy = 278,
  GODOT_pool_real_array_write_access_ptr = 304,
  GODOT_pool_real_array_write_access_destroy = 306,
  GODOT_variant_new_int = 512,
  GODOT_variant_new_string = 514,
  GODOT_variant_new_pool_real_array = 532,
  GODOT_variant_as_int = 539,
  GODOT_variant_as_string = 541,
  GODOT_variant_as_pool_real_array = 559,
  GODOT_char_string_get_data = 572,
  GODOT_char_string_destroy = 573,
  GODOT_string_utf8 = 678,
  GODOT_string_chars_to_utf8 = 681,
  GODOT_string_destroy = 721
};
typedef void (*godot_pool_real_array_new_fn)(godot_pool_real_array*);
typedef void (*godot_pool_real_array_resize_fn)(godot_pool_real_array*, int);
typedef godot_access* (*godot_pool_real_array_read_fn)(const godot_pool_real_array*);
typedef godot_access* (*godot_pool_real_array_write_fn)(godot_pool_real_array*);
typedef int (*godot_pool_real_array_size_fn)(const godot_pool_real_array*);
typedef void (*godot_pool_real_array_destroy_fn)(godot_pool_real_array*);
typedef const float* (*godot_pool_real_array_read_access_ptr_fn)(const godot_access*);
typedef void (*godot_pool_real_array_read_access_destroy_fn)(godot_access*);
typedef float* (*godot_pool_real_array_write_access_ptr_fn)(const godot_access*);
typedef void (*godot_pool_real_array_write_access_destroy_fn)(godot_access*);
typedef void (*godot_variant_new_int_fn)(godot_variant*, int64_t);
typedef void (*godot_variant_new_string_fn)(godot_variant*, const godot_string*);
typedef void (*godot_variant_new_pool_real_array_fn)(godot_variant*, const godot_pool_real_array*);
typedef int64_t (*godot_variant_as_int_fn)(const godot_variant*);
typedef godot_string (*godot_variant_as_string_fn)(const godot_variant*);
typedef godot_pool_real_array (*godot_variant_as_pool_real_array_fn)(const godot_variant*);
typedef const char* (*godot_char_string_get_data_fn)(const godot_char_string*);
typedef void (*godot_char_string_destroy_fn)(godot_char_string*);
typedef godot_char_string (*godot_string_utf8_fn)(const godot_string*);
typedef godot_string (*godot_string_chars_to_utf8_fn)(const char*);
typedef void (*godot_string_destroy_fn)(godot_string*);

#endif
