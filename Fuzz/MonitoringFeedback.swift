import Domain
import Encoding
import Monitoring

/// Reads the input as labels that somebody sends, or as what a record says that a model said, as its first byte chooses.
///
/// Labels are within their bounds; what was said is written and read again as the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFeedback(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let form = bytes.first else { return 0 }
  let input = Array(bytes.dropFirst())
  if form % 2 == 0 {
    do throws(Problem) {
      let batch = try LabelBatch(parsing: input) { $0.utf8.count <= 128 }
      precondition(1...LabelBatch.labelLimit ~= batch.labels.count, "labels are within their bound")
      for label in batch.labels {
        precondition(0..<SaidRows.rowLimit ~= label.row, "a row is one that is kept")
        precondition(label.label != .null, "a label says something")
      }
    } catch { precondition(error.category != .internal, "what is read is never our own mistake") }
  } else if let said = SaidRows(parsing: String(decoding: input, as: UTF8.self)) {
    precondition(said.rows.count <= SaidRows.rowLimit, "rows are within their bound")
    precondition(SaidRows(parsing: said.text) == said, "what is written is read as the same")
  }
  return 0
}
