package io.stillframe.storage.swift;

final class RegionTwoContractTest extends SwiftContract {
    @Override
    TestContainer newContainer(SwiftLab lab) {
        return TestContainer.create(lab.applicationCredential(), "RegionTwo");
    }
}
