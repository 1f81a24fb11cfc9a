import Domain
import Encoding
import Glibc
import Lifecycle
import Provenance
import Storage

// Times the ledger's store: `ledger-times propose DIRECTORY PROPOSERS SECONDS`, `ledger-times fill DIRECTORY ENTRIES`,
// `ledger-times read DIRECTORY`. What is printed is one line of `name value` a figure.

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
  print("usage: ledger-times propose DIRECTORY PROPOSERS SECONDS | fill DIRECTORY ENTRIES | read DIRECTORY")
  exit(2)
}

let directory = arguments[2]
_ = unsafe mkdir(directory, 0o700)
let path = "\(directory)/registry.sqlite"
let key = try signingKey(directory)

switch arguments[1] {
case "propose":
  let (proposers, seconds) = (Int(arguments[3]) ?? 64, Int(arguments[4]) ?? 10)
  let store = try SQLiteRegistry(path: path, signingKey: key)
  let together = GroupCommit(registry: store)
  let start = ContinuousClock.now
  let deadline = start + .seconds(seconds)
  let spans = try await withThrowingTaskGroup(of: [Double].self) { group in
    for proposer in 0..<proposers {
      group.addTask {
        var spans: [Double] = []
        while ContinuousClock.now < deadline {
          let begun = ContinuousClock.now
          let number = proposer * 1_000_000 + spans.count
          _ = try await together.propose(Proposal { _ in .make([entry(number)]) }).get()
          spans.append((ContinuousClock.now - begun) / .milliseconds(1))
        }
        return spans
      }
    }
    let queue = Task { await together.run() }
    var spans: [Double] = []
    for try await part in group { spans += part }
    together.close()
    await queue.value
    return spans.sorted()
  }
  let elapsed = (ContinuousClock.now - start) / .seconds(1)
  print("acknowledged-a-second \(Double(spans.count) / elapsed)")
  print("median-ms \(spans[spans.count / 2])")
  print("p99-ms \(spans[spans.count * 99 / 100])")
  print("entries \(try await store.checkpoint()?.size ?? 0)")
case "fill":
  let wanted = Int(arguments[3]) ?? 10_000_000
  let store = try SQLiteRegistry(path: path, signingKey: key)
  var size = try await store.checkpoint()?.size ?? 0
  let start = ContinuousClock.now
  let first = size
  while size < wanted {
    let batch = (size..<min(size + 20_000, wanted)).map(entry)
    size = try await store.commit(batch, []).size
    if size % 1_000_000 == 0 {
      let elapsed = (ContinuousClock.now - start) / .seconds(1)
      print("filled \(size) \(Double(size - first) / elapsed) \(memory().now)")
      // Also where it goes to a file, of which somebody wants to see how far it is.
      _ = unsafe fflush(nil)
    }
  }
  try store.close()
case "read":
  try await measure("open-ms", 5) { _ in try SQLiteRegistry(path: path, signingKey: key).close() }
  let store = try SQLiteRegistry(path: path, signingKey: key)
  guard let checkpoint = try await store.checkpoint() else { exit(1) }
  let size = checkpoint.size
  print("entries \(size)")
  var generator = SystemRandomNumberGenerator()
  let places = (0..<200).map { _ in Int.random(in: 0..<size, using: &generator) }
  try await measure("entry-ms", places.count) { round in
    guard try await store.entryBytes(from: places[round], count: 1).count == 1 else { exit(1) }
  }
  try await measure("inclusion-ms", places.count) { round in
    let bytes = try await store.entryBytes(from: places[round], count: 1)[0]
    guard let proof = try await store.inclusionProof(of: places[round], in: size),
      proof.verifies(MerkleTree.leafHash(bytes), under: checkpoint.root)
    else { exit(1) }
  }
  try await measure("earlier-inclusion-ms", places.count) { round in
    guard try await store.inclusionProof(of: places[round] / 2, in: places[round] / 2 + 1) != nil else {
      exit(1)
    }
  }
  try await measure("consistency-ms", places.count) { round in
    guard try await store.consistencyProof(from: places[round], to: size) != nil else { exit(1) }
  }
  try await measure("found-ms", 50) { round in
    let filter = LedgerFilter(model: try ModelName(parsing: "model-\(round)"))
    guard try await store.entries(matching: filter, from: places[round], count: 100).count > 0 else { return }
  }
  try await measure("append-ms", 50) { round in try await store.commit([entry(round)], []) }
  print("memory-mib \(memory().now) \(memory().peak)")
  try store.close()
default: exit(2)
}
