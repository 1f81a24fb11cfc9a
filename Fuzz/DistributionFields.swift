import Domain
import Packaging

/// Reads the input as one of the things that a registry or a user says to the client, as its first byte chooses; whatever
/// comes of it, nothing traps, and what is read means the same when it is read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRegistryFields(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let form = bytes.first else { return 0 }
  let input = Array(bytes.dropFirst())
  let text = String(decoding: input, as: UTF8.self)
  do throws(Problem) {
    switch form % 8 {
    case 0:
      for challenge in try AuthorizationChallenge.list(parsing: text) {
        let scheme = challenge.scheme
        precondition(!scheme.isEmpty && scheme == scheme.lowercased(), "a scheme in small letters")
      }
    case 1: _ = try NextLink.find(in: text)
    case 2:
      let reference = try ImageReference(parsing: text)
      let again = try ImageReference(parsing: reference.description)
      precondition(again == reference && again.description == reference.description, "printed and read again")
      precondition(!reference.place.contains("@") && !reference.place.contains(".."), "a place is plain")
    case 3:
      let credentials = try RegistryLogins(parsing: input)
      precondition(!credentials.entry(for: "registry.example/a/b").description.contains("\n"), "one line")
    case 4: try place(text)
    case 5:
      if let received = ByteRanges.received(text) { precondition(received >= 0, "so many") }
      if let (first, last, size) = ByteRanges.content(text) {
        precondition(0...last ~= first && last < size ?? .max, "from first to last of so many")
      }
    case 6: _ = try Referrer.list(parsing: input)
    default: _ = try ManifestDocument(parsing: input, as: nil)
    }
  } catch { precondition(error.category != .internal, "what is read is never our own mistake") }
  return 0
}

private func place(_ text: String) throws(Problem) {
  let base = try RegistryURL(parsing: "https://registry.example/v2/a/")
  let url = try RegistryURL(parsing: text, from: base)
  let again = try RegistryURL(parsing: url.description)
  precondition(again == url, "printed and read again")
  precondition(url.path.hasPrefix("/") && !url.origin.host.contains("@"), "a host and a path")
  precondition(1...65535 ~= url.origin.port, "a port")
  let more = url.adding("digest", text)
  precondition(more.origin == url.origin && more.path.utf8.allSatisfy { 0x21...0x7E ~= $0 }, "the same place")
}
