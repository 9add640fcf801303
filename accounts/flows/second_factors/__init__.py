"""Second factors at allauth's documented addresses: its requests and answers, our actions behind them."""
