import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

import { dollars, summarize } from './orders.js';

function Dashboard() {
  const [orders, setOrders] = useState([]);
  useEffect(() => {
    fetch('/api/orders')
      .then((answer) => answer.json())
      .then(setOrders);
  }, []);
  const { count, cents, best } = summarize(orders);
  return (
    <main>
      <h1>E-Com67 admin</h1>
      <p>
        {count} orders for {dollars(cents)}
        {best && `; best: ${best}`}
      </p>
    </main>
  );
}

createRoot(document.getElementById('root')).render(<Dashboard />);
