import Documents
import Domain
import Encoding
import ModelTests
import Provenance
import YAML

/// Reads the input as a plan, as a report, and as rows to learn of: each has faults with a place, or reads back as what it was.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPlan(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let reading = TestPlanReading(bytes)
  precondition(reading.faults.count <= 100 && (reading.plan == nil) == !reading.faults.isEmpty)
  for fault in reading.faults {
    precondition(fault.place.line >= 1 && fault.place.column >= 1 && fault.excerpt.count == 2)
    precondition(!fault.text(file: "f").utf8.contains { $0 < 0x20 && $0 != 0x0A })
  }
  if let schema = reading.plan?.schema { check(schema) }
  if let summary = try? TestSummary(parsing: bytes) { precondition(summary.passedCount <= summary.count) }
  guard let table = try? DataTable(csv: bytes, name: "f.csv", digest: Digest(of: bytes)),
    let schema = try? Schema(learning: table)
  else { return 0 }
  check(schema)
  guard let draft = try? TestPlan.draft(learning: table, label: nil) else { return 0 }
  precondition(TestPlanReading(Array(draft.utf8)).plan?.schema == schema)
  return 0
}

/// What is written of a schema reads back the same.
private func check(_ schema: Schema) {
  let text = "tests: gatehouse/v1\nschema:\n" + schema.lines.map { "  \($0)\n" }.joined()
  // Names may be longer in other characters, and a document has its limits.
  guard text.utf8.count < 1 << 20 else { return }
  precondition(TestPlanReading(Array(text.utf8)).plan?.schema == schema)
}
