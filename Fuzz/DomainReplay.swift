import Domain
import Encoding

/// Samples of requests that one process gives and another is asked, as the control socket carries them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzReplay(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let json = try? JSON(parsing: bytes, limits: JSONLimits(depth: 8, values: 1 << 16)),
    let sample = try? ReplaySample(json: json)
  else { return 0 }
  // What is read is written and read as the same: NaN is not equal to itself, so its bits are compared.
  guard let again = try? ReplaySample(json: sample.json), again.json == sample.json else {
    fatalError("a sample reads back as another")
  }
  guard sample.compared(with: sample.cases.map(\.answers)).difference == nil else {
    fatalError("a sample differs from its own answers")
  }
  return 0
}
