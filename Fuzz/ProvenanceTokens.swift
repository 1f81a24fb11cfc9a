import Domain
import Encoding

/// Reads the input as a signed token; whatever comes of it, nothing traps.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTokens(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let token = try? UnverifiedToken(parsing: bytes) else { return 0 }
  precondition(UnverifiedToken.isToken(bytes), "what reads as a token looks like one")
  precondition(bytes.starts(with: token.signed), "what is signed is what was sent")
  return 0
}
