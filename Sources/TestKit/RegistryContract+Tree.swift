import Domain
import Encoding
import Lifecycle
import Provenance
import Testing

// The tree of the ledger, held against what all its leaves make.

extension RegistryContract {
  func theTreeProvesEveryEntryAtEverySize() async throws {
    let store = try await make()
    var leaves: [Digest] = []
    for size in [1, 2, 5, 9] {
      let entries = (leaves.count..<size).map { Sample.entry(subject: "iris@\($0)") }
      leaves += entries.map { MerkleTree.leafHash($0.canonicalBytes) }
      try await store.commit(entries, [])
    }
    for size in 0...leaves.count {
      let prefix = Array(leaves.prefix(size))
      for index in -1...size {
        #expect(
          try await store.inclusionProof(of: index, in: size)
            == MerkleTree.inclusionProof(of: index, in: prefix))
        #expect(
          try await store.consistencyProof(from: index, to: size)
            == MerkleTree.consistencyProof(from: index, in: prefix))
      }
    }
    #expect(try await store.inclusionProof(of: 0, in: leaves.count + 1) == nil)
    #expect(try await store.consistencyProof(from: 0, to: leaves.count + 1) == nil)
    #expect(try await store.consistencyProof(from: 0, to: -1) == nil)
  }

  func entriesAreFoundByWhatTheySay() async throws {
    let store = try await make()
    #expect(try await store.entries(matching: LedgerFilter(), from: 0, count: 10).isEmpty)
    let acts: [Act] = [.push, .setAlias, .createKey, .supervise]
    let names = ["iris", "fraud", "no model!"]
    let principals = [Sample.principal, .platform]
    // A clock that was put back in the middle, so that times do not follow places.
    let entries = (0..<60).map { number in
      LedgerEntry(
        time: Sample.moment((number * 7) % 50), principal: principals[number % 2], act: acts[number % 4],
        phase: [.begun, .done, .failed][number % 3], subject: "\(names[number % 3])@\(number)", trace: "t",
        details: number % 4 == 2 ? ["deployment": .string(names[number / 4 % 2])] : [:])
    }
    try await store.commit(Array(entries[..<7]), [])
    try await store.commit(Array(entries[7...]), [])
    let filters = [
      LedgerFilter(), LedgerFilter(model: Sample.name()),
      LedgerFilter(model: Sample.name("fraud"), isRefused: true),
      LedgerFilter(model: Sample.name("nobody")), LedgerFilter(principal: .platform, act: .setAlias),
      LedgerFilter(act: .createKey), LedgerFilter(since: Sample.moment(20), until: Sample.moment(40)),
      LedgerFilter(since: Sample.moment(49)), LedgerFilter(since: Sample.moment(50)),
      LedgerFilter(until: Sample.moment(3)), LedgerFilter(isRefused: true),
      LedgerFilter(model: Sample.name(), principal: Sample.principal, act: .push, since: Sample.moment(5)),
    ]
    for filter in filters {
      let wanted = entries.indices.filter { filter.matches(entries[$0]) }
        .map { PlacedEntry(position: $0, bytes: entries[$0].canonicalBytes) }
      #expect(try await store.entries(matching: filter, from: 0, count: 100) == wanted)
      // A page at a time.
      var found: [PlacedEntry] = []
      while true {
        let page = try await store.entries(
          matching: filter, from: (found.last?.position ?? -1) + 1, count: 2)
        guard !page.isEmpty else { break }
        found += page
      }
      #expect(found == wanted)
    }
    #expect(try await store.entries(matching: filters[1], from: 0, count: 100).count > 10)
    #expect(try await store.entries(matching: filters[5], from: 0, count: 0).isEmpty)
    #expect(await store.audit(trusting: key).isEmpty)
  }

  func tilesAreAsTheTreeHasThem() async throws {
    let store = try await make()
    #expect(try await store.tile(level: 0, index: 0, width: 1) == nil)
    #expect(try await store.entryBundle(index: 0, width: 1) == nil)
    let entries = (0..<600).map { Sample.entry(subject: "iris@\($0)") }
    let leaves = entries.map { MerkleTree.leafHash($0.canonicalBytes) }
    // Across the ends of tiles, on them, and one by one.
    try await store.commit(Array(entries[..<100]), [])
    try await store.commit(Array(entries[100..<256]), [])
    try await store.commit(Array(entries[256..<257]), [])
    try await store.commit(Array(entries[257..<600]), [])
    #expect(try await store.tile(level: 0, index: 0, width: 256) == Array(leaves[..<256]))
    #expect(try await store.tile(level: 0, index: 1, width: 256) == Array(leaves[256..<512]))
    #expect(try await store.tile(level: 0, index: 1, width: 7) == Array(leaves[256..<263]))
    #expect(try await store.tile(level: 0, index: 2, width: 88) == Array(leaves[512...]))
    #expect(try await store.tile(level: 0, index: 2, width: 89) == nil)
    #expect(try await store.tile(level: 0, index: 3, width: 1) == nil)
    let roots = [MerkleTree.root(of: leaves[..<256]), MerkleTree.root(of: leaves[256..<512])]
    #expect(try await store.tile(level: 1, index: 0, width: 2) == roots)
    #expect(try await store.tile(level: 1, index: 0, width: 1) == [roots[0]])
    #expect(try await store.tile(level: 1, index: 0, width: 3) == nil)
    #expect(try await store.tile(level: 2, index: 0, width: 1) == nil)
    for (level, index, width) in [(-1, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257), (9, 0, 1), (0, Int.max, 1)]
    {
      #expect(try await store.tile(level: level, index: index, width: width) == nil)
      if level == 0 { #expect(try await store.entryBundle(index: index, width: width) == nil) }
    }
    let bytes = entries.map(\.canonicalBytes)
    #expect(try await store.entryBundle(index: 1, width: 256) == Array(bytes[256..<512]))
    #expect(try await store.entryBundle(index: 2, width: 88) == Array(bytes[512...]))
    #expect(try await store.entryBundle(index: 2, width: 89) == nil)
    let proof = try await store.inclusionProof(of: 300, in: 600)
    #expect(proof?.verifies(leaves[300], under: MerkleTree.root(of: leaves)) == true)
    #expect(await store.audit(trusting: key).isEmpty)
  }
}
