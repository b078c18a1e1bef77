// A collector that counts, for itt_test.py: ITT's static part loads it as it loads VTune's. When the process ends it writes
// its counts as JSON to the file COLLECTOR_COUNTS. With COLLECTOR_OFF set it switches the domain off.
// Built against the ittnotify that was fetched: ittnotify_config.h holds the layout of what __itt_api_init() is given.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTEL_NO_MACRO_BODY
#define INTEL_ITTNOTIFY_API_PRIVATE
#include "ittnotify.h"
#include "ittnotify_config.h"

enum { kMostNames = 8 };

static __itt_domain domains[kMostNames];
static __itt_string_handle handles[kMostNames];
static uint64_t domain_count, handle_count, begins[kMostNames], ends, misplaced, out_of_order;
static int open_task = -1, last_task = -1;

static __itt_domain* create_domain(const char* name) {
  if (domain_count == kMostNames) abort();
  __itt_domain* const domain = &domains[domain_count++];
  domain->flags = getenv("COLLECTOR_OFF") == NULL;
  domain->nameA = strdup(name);
  return domain;
}

static __itt_string_handle* create_handle(const char* name) {
  if (handle_count == kMostNames) abort();
  __itt_string_handle* const handle = &handles[handle_count++];
  handle->strA = strdup(name);
  return handle;
}

// In the order in which the names were made, again and again; no task inside another.
static void begin_task(const __itt_domain* domain, __itt_id task, __itt_id parent, __itt_string_handle* name) {
  const int index = (int)(name - handles);
  (void)task, (void)parent;
  if (domain != domains || index < 0 || index >= (int)handle_count) abort();
  misplaced += open_task != -1;
  out_of_order += index != (last_task + 1) % (int)handle_count;
  open_task = last_task = index;
  ++begins[index];
}

static void end_task(const __itt_domain* domain) {
  if (domain != domains) abort();
  misplaced += open_task == -1;
  open_task = -1;
  ++ends;
}

static void* function_of(const char* name) {
  if (strcmp(name, "__itt_domain_create") == 0) return (void*)create_domain;
  if (strcmp(name, "__itt_string_handle_create") == 0) return (void*)create_handle;
  if (strcmp(name, "__itt_task_begin") == 0) return (void*)begin_task;
  if (strcmp(name, "__itt_task_end") == 0) return (void*)end_task;
  return NULL;
}

static void write_counts(void) {
  FILE* const file = fopen(getenv("COLLECTOR_COUNTS"), "w");
  if (file == NULL) abort();
  fprintf(file, "{\"domains\": [");
  for (uint64_t i = 0; i < domain_count; ++i) fprintf(file, "%s\"%s\"", i == 0 ? "" : ", ", domains[i].nameA);
  fprintf(file, "], \"begins\": {");
  for (uint64_t i = 0; i < handle_count; ++i)
    fprintf(file, "%s\"%s\": %llu", i == 0 ? "" : ", ", handles[i].strA, (unsigned long long)begins[i]);
  fprintf(file, "}, \"ends\": %llu, \"misplaced\": %llu, \"out_of_order\": %llu, \"open\": %d}\n",
          (unsigned long long)ends, (unsigned long long)misplaced, (unsigned long long)out_of_order, open_task != -1);
  fclose(file);
}

ITT_EXTERN_C void ITTAPI __itt_api_init(__itt_global* global, __itt_group_id groups) {
  (void)groups;
  for (__itt_api_info* api = global->api_list_ptr; api->name != NULL; ++api) {
    void* const function = function_of(api->name);
    *api->func_ptr = function != NULL ? function : api->null_func;
  }
  atexit(write_counts);
}
