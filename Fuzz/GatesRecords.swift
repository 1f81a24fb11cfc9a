import Access
import Domain
import Encoding
import Gates

/// Reads the input as a record of who may do what or who agreed, as its first byte chooses.
///
/// It is what an HTTP body or an entry of the ledger has; what is taken is written again as what reads to the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRecords(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let form = bytes.first, let json = try? JSON(parsing: bytes.dropFirst()) else { return 0 }
  do throws(Problem) {
    switch form % 10 {
    case 0:
      let grant = try Grant(json: json)
      let again = try Grant(json: grant.json)
      precondition(again == grant, "a grant reads as it was written")
    case 1:
      let key = try APIKey(json: json)
      let again = try APIKey(json: key.json)
      precondition(again == key, "a key reads as it was written")
    case 2:
      let provider = try IdentityProvider(json: json)
      let again = try IdentityProvider(json: provider.json)
      precondition(again == provider, "a provider reads as it was written")
      _ = provider.words(in: json)
    case 3:
      guard let change = AccessChange(json: json) else { return 0 }
      precondition(AccessChange(json: change.json) == change, "a change reads as it was written")
      var state = AccessState()
      try? state.apply(change)
      let again = try AccessState(records: state.records)
      precondition(again == state, "a state is its records")
    case 4:
      guard let change = GovernanceChange(json: json) else { return 0 }
      var state = GovernanceState()
      try? state.apply(change)
    case 5:
      let facts = try ModelFacts(json: json)
      let again = try ModelFacts(json: facts.json)
      precondition(again == facts, "facts read as they were written")
    case 6:
      let approval = try ApprovalRecord(json: json)
      let again = try ApprovalRecord(json: approval.json)
      precondition(again == approval, "an approval reads as it was written")
    case 7:
      let record = try TestRecord(json: json)
      let again = try TestRecord(json: record.json)
      precondition(again == record, "a test record reads as it was written")
    case 8:
      let note = try RollBackNote(parsing: Array(bytes.dropFirst()))
      precondition(
        note.json.canonicalBytes == Array(bytes.dropFirst()), "a note of a roll-back is its bytes")
    default:
      let pattern = try NamePattern(parsing: String(decoding: bytes.dropFirst(), as: UTF8.self))
      _ = pattern.matches("fraud-cards")
    }
  } catch { precondition(error.category != .internal, "what is read is never our own mistake") }
  return 0
}
