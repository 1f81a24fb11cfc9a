import Domain
import Encoding
import Monitoring

/// Reads the input as settings of defences, or as a baseline of callers, as its first byte chooses.
///
/// Settings that are taken are written and read again as the same; a baseline writes the same bytes again and watches rows.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDefences(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let form = bytes.first else { return 0 }
  let input = Array(bytes.dropFirst())
  do throws(Problem) {
    if form % 2 == 0 {
      let policy = try DefencePolicy(json: input)
      let again = try DefencePolicy(json: policy.json.canonicalBytes)
      precondition(again == policy, "what is written is read as the same")
    } else {
      let baseline = try CallerBaseline(bytes: input)
      precondition(baseline.bytes == input, "a baseline has one spelling")
      var watch = CallerWatch(baseline)
      for row in 0..<40 {
        let value = row % 5 == 4 ? Double.nan : Double(row)
        let numbers = [Double](repeating: value, count: baseline.numbers)
        _ = try watch.observe(
          caller: UInt64(row % 2), rows: 1, numbers: numbers.span,
          texts: [String?](repeating: row % 3 == 0 ? nil : "\(row)", count: baseline.texts),
          labels: [row % 2],
          margins: [value])
      }
      precondition(watch.callerCount == 2, "two callers are two")
    }
  } catch { precondition(error.category != .internal, "what is read is never our own mistake") }
  return 0
}
