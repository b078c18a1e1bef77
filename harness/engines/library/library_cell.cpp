#include "harness/engines/library/library_cell.hpp"

#include <algorithm>

namespace instbench::bench {

void check_request(const Request& request, const EngineFacts& facts) {
  const Case& cell = request.cell;
  const std::string engine = facts.name;
  if (!cell.preinit.empty()) throw Skip(engine + " does not preinitialise modules; that is the core's");
  if (cell.threads > facts.threads)
    throw Skip("threads=" + std::to_string(cell.threads) + ": " + engine + " is measured with " +
               std::to_string(facts.threads));
  if (cell.slots > facts.slots)
    throw Skip("slots=" + std::to_string(cell.slots) + ": " + engine + " has " + std::to_string(facts.slots) +
               " at most");
  const std::string workload = cell.workload.kind == Workload::Kind::call    ? "call"
                               : cell.workload.kind == Workload::Kind::touch ? "touch"
                                                                             : "none";
  if (std::find(facts.workloads.begin(), facts.workloads.end(), workload) == facts.workloads.end())
    throw Skip(engine + " cannot do the workload '" + workload + "' here");
  if (!request.reach || cell.workload.kind != Workload::Kind::touch) return;
  const Workload& w = cell.workload;
  if ((w.read != 0 || w.write != 0 || w.grow != 0) && request.reach->has_memory && !request.reach->sees_memory())
    throw Skip("its memory is not exported: from outside of " + engine + " it cannot be touched");
  if (w.calls != 0 && request.reach->target.table_entries != 0 && !request.reach->sees_table())
    throw Skip("its table is not exported: from outside of " + engine + " no entry can be taken");
}

Reach reach_of(const Request& request) {
  Reach reach = request.reach.value_or(Reach{});
  if (!request.reach) reach.hidden = {"everything: the core cannot read the module"};
  return reach;
}

}  // namespace instbench::bench
